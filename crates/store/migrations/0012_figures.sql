-- What became of the calls of chains' steps, by half hour: written in the commit of the facts that say so.
CREATE TABLE step_calls (
    connection TEXT NOT NULL,
    -- Beginning of the half hour, in milliseconds.
    at INTEGER NOT NULL,
    chain TEXT NOT NULL,
    step TEXT NOT NULL,
    ok INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    -- Neither: what had to wait, or was not there.
    held INTEGER NOT NULL DEFAULT 0,
    retries INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    -- Counts of answers by the slot of their time: {"s64": 3}.
    latency TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (connection, at, chain, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX step_calls_by_time ON step_calls (at);
CREATE INDEX step_calls_by_chain ON step_calls (chain, at);

-- The highest number that an event had before it was deleted: none is given twice. Runs and what became of
-- events name them.
CREATE TABLE event_numbers (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    last INTEGER NOT NULL
) STRICT;
INSERT INTO event_numbers (one, last) VALUES (1, max(
    coalesce((SELECT max(event) FROM runs), 0), coalesce((SELECT max(event) FROM firings), 0)));
CREATE TRIGGER event_number_is_kept AFTER DELETE ON trigger_events
WHEN OLD.id > (SELECT last FROM event_numbers)
BEGIN UPDATE event_numbers SET last = OLD.id; END;
CREATE TRIGGER event_number_is_new AFTER INSERT ON trigger_events
WHEN NEW.id <= (SELECT last FROM event_numbers)
BEGIN
    UPDATE trigger_events SET id = 1 + max((SELECT last FROM event_numbers), (SELECT max(id) FROM trigger_events))
    WHERE id = NEW.id;
END;

-- The last event that was there when a run that waits for deliveries was added: what came later counts,
-- whatever the clock said.
CREATE TABLE awaited_since (
    run TEXT NOT NULL PRIMARY KEY REFERENCES runs (id) ON DELETE CASCADE,
    event INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO awaited_since (run, event)
    SELECT r.id, coalesce((SELECT max(e.id) FROM trigger_events AS e WHERE e.at < r.created_at), 0)
    FROM runs AS r WHERE r.id IN (SELECT run FROM awaited);

PRAGMA user_version = 12;
