-- Runs whose journal begins with more than one commit takes, while that is written: nobody sees them until then. One
-- of an earlier engine start was never finished and goes.
CREATE TABLE runs_in_parts (
    run TEXT NOT NULL PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    boot TEXT NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 15;
