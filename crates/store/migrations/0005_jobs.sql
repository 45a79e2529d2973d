-- Work that comes again and again, what it did, and what a person sets about it.

-- At most one job that waits or runs has this key: what must not be done twice at once.
ALTER TABLE jobs ADD COLUMN unique_key TEXT;
ALTER TABLE jobs ADD COLUMN connection TEXT REFERENCES connections (id) ON DELETE CASCADE;
ALTER TABLE jobs ADD COLUMN stream TEXT;
ALTER TABLE jobs ADD COLUMN max_attempts INTEGER NOT NULL DEFAULT 5;
-- When `due_at` was set: later than now where the clock was put back since.
ALTER TABLE jobs ADD COLUMN planned_at INTEGER;
-- It was asked for again while it ran.
ALTER TABLE jobs ADD COLUMN again_at INTEGER;
ALTER TABLE jobs ADD COLUMN cancelled INTEGER NOT NULL DEFAULT 0;
-- How often a process ended while it ran.
ALTER TABLE jobs ADD COLUMN cut_off INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN started_at INTEGER;
ALTER TABLE jobs ADD COLUMN ended_at INTEGER;
ALTER TABLE jobs ADD COLUMN result TEXT;
CREATE UNIQUE INDEX jobs_live ON jobs (unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('ready', 'claimed');
CREATE INDEX jobs_given_up ON jobs (unique_key) WHERE state = 'failed';
CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX jobs_by_connection ON jobs (connection) WHERE connection IS NOT NULL;

-- How many jobs ended how, by hour: rows of jobs go.
CREATE TABLE job_figures (
    queue TEXT NOT NULL,
    hour INTEGER NOT NULL,
    done INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    took_ms INTEGER NOT NULL,
    PRIMARY KEY (queue, hour)
) STRICT, WITHOUT ROWID;

-- What comes again and again: the streams of a connection, and its health check (whose stream is '').
CREATE TABLE schedules (
    connection TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    stream TEXT NOT NULL,
    -- None while nothing is planned.
    next_at INTEGER,
    -- When `next_at` was set: later than now where the clock was put back since.
    planned_at INTEGER NOT NULL,
    -- What the user set; the connector's where absent.
    every_seconds INTEGER,
    cron TEXT,
    zone TEXT,
    switched_off INTEGER NOT NULL DEFAULT 0,
    -- Items per page, where a page was too large.
    page_size INTEGER,
    -- When it was first read to its end.
    backfilled_at INTEGER,
    last_at INTEGER,
    last_ok_at INTEGER,
    last_new INTEGER,
    last_problem TEXT,
    failures INTEGER NOT NULL DEFAULT 0,
    -- It waits for the user.
    stopped INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (connection, kind, stream)
) STRICT, WITHOUT ROWID;
CREATE INDEX schedules_next ON schedules (next_at) WHERE next_at IS NOT NULL;

-- Times from which something may be missing.
CREATE TABLE gaps (
    id INTEGER NOT NULL PRIMARY KEY,
    connection TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    stream TEXT NOT NULL,
    from_at INTEGER NOT NULL,
    to_at INTEGER NOT NULL,
    -- A code of the taxonomy, or a word of our own.
    reason TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX gaps_by_connection ON gaps (connection, at);

-- What a person sets, for everything or for one connection.
CREATE TABLE settings (
    connection TEXT REFERENCES connections (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX settings_key ON settings (key, coalesce(connection, ''));

PRAGMA user_version = 5;
