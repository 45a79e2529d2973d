-- When the clock starts a chain next.
CREATE TABLE timers (
    chain TEXT NOT NULL PRIMARY KEY REFERENCES chains (id) ON DELETE CASCADE,
    -- The trigger that it was planned for, as JSON: for another one it is planned anew.
    trigger TEXT NOT NULL,
    -- None where there is no next time.
    next_at INTEGER,
    -- What the clock said then: one that was put back since shows by it.
    planned_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX timers_by_time ON timers (next_at);

-- Files that appear are told of as signals.
UPDATE chains SET waits_for = 'signal' WHERE waits_for = 'file';

PRAGMA user_version = 10;
