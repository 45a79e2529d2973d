-- When the credential was set, in milliseconds. Those of before: when the key was last replaced, else
-- when the connection was made.
ALTER TABLE connections ADD COLUMN credential_at INTEGER;
UPDATE connections SET credential_at = COALESCE(
    (SELECT max(at) FROM audit WHERE action = 'connection_key_replaced' AND subject = connections.name),
    created_at)
WHERE credential IS NOT NULL;

PRAGMA user_version = 4;
