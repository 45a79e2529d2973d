-- What kinds of signals there are is counted down with what goes: only what was counted, which is what has its words
-- in the index.
CREATE TRIGGER signal_kinds_gone BEFORE DELETE ON signals
WHEN EXISTS (SELECT 1 FROM signal_words WHERE rowid = old.id)
BEGIN
    UPDATE signal_kinds SET n = n - 1 WHERE connection = old.connection AND signal_type = old.signal_type;
    DELETE FROM signal_kinds WHERE connection = old.connection AND signal_type = old.signal_type AND n <= 0;
END;

-- What was not counted down until now.
UPDATE signal_kinds SET n = 0;
UPDATE signal_kinds SET n = there.n
    FROM (SELECT connection, signal_type, count(*) AS n FROM signals
          WHERE id <= (SELECT upto FROM signal_words_state) GROUP BY 1, 2) AS there
    WHERE there.connection = signal_kinds.connection AND there.signal_type = signal_kinds.signal_type;
DELETE FROM signal_kinds WHERE n = 0;

PRAGMA user_version = 19;
