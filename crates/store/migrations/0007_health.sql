-- What calls, checks and signals add up to, per connection and half hour: figures over days are read from
-- a few hundred rows. Written in the transaction of what they count.
CREATE TABLE health_buckets (
    connection TEXT NOT NULL,
    -- Beginning of the half hour, in milliseconds.
    at INTEGER NOT NULL,
    checks_ok INTEGER NOT NULL DEFAULT 0,
    checks_failed INTEGER NOT NULL DEFAULT 0,
    calls_ok INTEGER NOT NULL DEFAULT 0,
    calls_failed INTEGER NOT NULL DEFAULT 0,
    -- Neither: what had to wait, or was not there.
    calls_held INTEGER NOT NULL DEFAULT 0,
    limit_hits INTEGER NOT NULL DEFAULT 0,
    retries INTEGER NOT NULL DEFAULT 0,
    signals INTEGER NOT NULL DEFAULT 0,
    -- Counts of answers by the slot of their time: {"s64": 3}.
    latency TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (connection, at)
) STRICT, WITHOUT ROWID;
CREATE INDEX health_buckets_by_time ON health_buckets (at);

-- The same by operation and outcome, and how much of it the audit trail holds already.
CREATE TABLE health_operations (
    connection TEXT NOT NULL,
    at INTEGER NOT NULL,
    operation TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- A code of the taxonomy; empty where it succeeded.
    code TEXT NOT NULL,
    n INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    noted INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (connection, at, operation, kind, code)
) STRICT, WITHOUT ROWID;
CREATE INDEX health_operations_by_time ON health_operations (at);
CREATE INDEX health_operations_unnoted ON health_operations (connection, at) WHERE n > noted;

-- How each connection was judged, from when on, and why.
CREATE TABLE health_changes (
    id INTEGER NOT NULL PRIMARY KEY,
    connection TEXT NOT NULL,
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    reasons TEXT NOT NULL
) STRICT;
CREATE INDEX health_changes_by_connection ON health_changes (connection, id);

-- Days that were before the rolled-up figures.
INSERT INTO health_buckets (connection, at, calls_ok, calls_failed, retries)
    SELECT connection, at - at % 1800000, sum(success), sum(1 - success), sum(retries)
    FROM calls GROUP BY 1, 2;
INSERT INTO health_buckets (connection, at, checks_ok, checks_failed)
    SELECT connection, at - at % 1800000, sum(ok), sum(1 - ok) FROM health_samples WHERE true GROUP BY 1, 2
    ON CONFLICT (connection, at) DO UPDATE SET checks_ok = excluded.checks_ok, checks_failed = excluded.checks_failed;

INSERT INTO health_buckets (connection, at, signals)
    SELECT connection, stored_at - stored_at % 1800000, count(*) FROM signals WHERE true GROUP BY 1, 2
    ON CONFLICT (connection, at) DO UPDATE SET signals = excluded.signals;

-- The audit trail is only added to.
CREATE INDEX audit_by_time ON audit (at);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'the audit trail is only added to'); END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'the audit trail is only added to'); END;

PRAGMA user_version = 7;
