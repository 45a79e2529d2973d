-- Whose turn it is: however many runs wait, only the first of them are looked at, and those that a step of
-- another run waits for are found among them.
CREATE INDEX runs_waiting ON runs (created_at, id) WHERE final = 0 AND boot IS NULL;
CREATE INDEX runs_called ON runs (created_at, id)
    WHERE final = 0 AND boot IS NULL AND json_extract(origin, '$.kind') = 'step';
CREATE INDEX runs_begun ON runs (created_at, id) WHERE final = 0 AND boot IS NOT NULL;

PRAGMA user_version = 16;
