-- Runs go in the order in which they ended.
CREATE INDEX runs_ended ON runs (finished_at, id) WHERE final = 1;

PRAGMA user_version = 17;
