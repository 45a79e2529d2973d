-- The deliveries that open runs wait for, or will: kept from before their first step on.
CREATE TABLE awaited (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    -- The connection whose webhook is called; empty where steps have addresses of their own.
    connection TEXT NOT NULL,
    PRIMARY KEY (run, connection)
) STRICT, WITHOUT ROWID;
CREATE INDEX awaited_by_connection ON awaited (connection);
CREATE INDEX trigger_events_by_subject ON trigger_events (kind, subject, id);

PRAGMA user_version = 11;
