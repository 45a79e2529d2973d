-- The version that triggers run; none until the user publishes one.
ALTER TABLE chains ADD COLUMN published INTEGER;
-- The kind of event that the published version waits for; none where only the user starts it.
ALTER TABLE chains ADD COLUMN waits_for TEXT;
-- Whether its trigger starts it.
ALTER TABLE chains ADD COLUMN is_on INTEGER NOT NULL DEFAULT 0;

-- Why a run is there, as JSON; those of before were started by hand.
ALTER TABLE runs ADD COLUMN origin TEXT;
-- The event that started it: one run of a chain for an event.
ALTER TABLE runs ADD COLUMN event INTEGER;
CREATE UNIQUE INDEX runs_by_event ON runs (event, chain_id) WHERE event IS NOT NULL;
CREATE INDEX runs_by_chain ON runs (chain_id, created_at);

-- What became of each event for each chain that waited for it.
CREATE TABLE firings (
    event INTEGER NOT NULL,
    chain TEXT NOT NULL REFERENCES chains (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    result TEXT NOT NULL,
    run TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (event, chain)
) STRICT, WITHOUT ROWID;
CREATE INDEX firings_by_chain ON firings (chain, at);
CREATE INDEX firings_by_time ON firings (at);

-- Effects of a chain's runs that events started, by day (UTC, days since 1970).
CREATE TABLE effect_days (
    chain TEXT NOT NULL,
    day INTEGER NOT NULL,
    effects INTEGER NOT NULL,
    PRIMARY KEY (chain, day)
) STRICT, WITHOUT ROWID;

-- What effects made, by its identifier at the service: coming back as a signal, it is recognised.
CREATE TABLE own_effects (
    connection TEXT NOT NULL,
    external_id TEXT NOT NULL,
    run TEXT NOT NULL,
    -- The chains that led to it, as JSON.
    path TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (connection, external_id, run)
) STRICT, WITHOUT ROWID;
CREATE INDEX own_effects_by_time ON own_effects (at);

-- Which source identifier made which target identifier, for a chain.
CREATE TABLE record_links (
    chain TEXT NOT NULL REFERENCES chains (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    run TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (chain, name, source)
) STRICT, WITHOUT ROWID;

-- What a chain remembers from run to run. Those of the workspace have an empty chain.
CREATE TABLE memory (
    chain TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (chain, key)
) STRICT, WITHOUT ROWID;

-- Lookup tables of the workspace: rows by their key.
CREATE TABLE lookup_rows (
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name, key)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 9;
