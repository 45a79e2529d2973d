-- What a step was when it gave what is kept of it, as a hash: with another mapping or filter it gives something
-- else. Empty for pins from before.
ALTER TABLE pins ADD COLUMN made_by TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 14;
