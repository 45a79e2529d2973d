-- Connections that were renamed since a run was made: which one the name in its snapshot stood for, and what that one
-- is called since, or was at last where it is gone. Runs whose connections kept their names have no rows here.
CREATE TABLE run_connections (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    -- As the run's snapshot names it.
    name TEXT NOT NULL,
    connection TEXT NOT NULL,
    called TEXT NOT NULL,
    PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 18;
