-- What each connection's webhook is: one row from the moment it is first set up.
CREATE TABLE webhooks (
    connection TEXT NOT NULL PRIMARY KEY REFERENCES connections (id) ON DELETE CASCADE,
    -- The last part of its address: 128 random bits. Who does not know it reaches nothing.
    token TEXT NOT NULL UNIQUE,
    enabled INTEGER NOT NULL,
    -- The secrets, sealed by the vault as credentials are.
    sealed BLOB,
    secret_at INTEGER,
    -- Until when the secret before the current one holds too.
    previous_until INTEGER,
    -- Until when a handshake may bring the secret.
    capture_until INTEGER,
    -- The subscription at the tool, as JSON, and when it ends.
    subscription TEXT,
    expires_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Deliveries that were acknowledged: each is here before the tool hears so.
CREATE TABLE inbox (
    id INTEGER NOT NULL PRIMARY KEY,
    connection TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    -- What names it: the tool's identifier, else a hash of its body.
    delivery TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    -- Some of the headers, as JSON.
    headers TEXT NOT NULL,
    content_type TEXT NOT NULL,
    -- The bytes as they came; empty once they are forgotten.
    body BLOB NOT NULL,
    -- received, done, ignored or failed.
    state TEXT NOT NULL,
    processed_at INTEGER,
    -- What came of it, as JSON: the kinds of events, signals that are new, items put aside, a problem.
    result TEXT,
    UNIQUE (connection, delivery)
) STRICT;
CREATE INDEX inbox_open ON inbox (id) WHERE state = 'received';
CREATE INDEX inbox_by_time ON inbox (received_at);

-- How many calls of a webhook ended how, by day. The connection is empty where nobody's address was called.
CREATE TABLE webhook_counts (
    connection TEXT NOT NULL,
    day INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    count INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (connection, day, outcome)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 6;
