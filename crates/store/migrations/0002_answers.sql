-- The last good answers of services, so that they can be asked only for what changed.
CREATE TABLE answers (
    connection TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    -- A fingerprint of the request and of whose it is.
    key TEXT NOT NULL,
    -- When the service last said that it holds, and when it was last used; both in milliseconds.
    at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    etag TEXT,
    last_modified TEXT,
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (connection, key)
) STRICT;
CREATE INDEX answers_by_use ON answers (used_at, bytes);

PRAGMA user_version = 2;
