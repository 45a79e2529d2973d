-- A renewal of a connection's tokens that is under way: written down before the service is asked, gone
-- with the commit that keeps the new tokens.
CREATE TABLE renewals (
    connection TEXT NOT NULL PRIMARY KEY REFERENCES connections (id) ON DELETE CASCADE,
    started_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Each time somebody began to sign in, and how it ended: no end and another start of the program is an
-- interruption.
CREATE TABLE sign_in_attempts (
    id TEXT NOT NULL PRIMARY KEY,
    connector TEXT NOT NULL,
    boot TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    -- A code of the taxonomy where it failed.
    code TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_attempts_by_time ON sign_in_attempts (started_at);

PRAGMA user_version = 3;
