-- What the user did with a signal.
ALTER TABLE signals ADD COLUMN read_at INTEGER;
ALTER TABLE signals ADD COLUMN archived_at INTEGER;
CREATE INDEX signals_unread ON signals (timestamp) WHERE read_at IS NULL AND archived_at IS NULL;
CREATE INDEX signals_archived ON signals (timestamp) WHERE archived_at IS NOT NULL;

-- Words of signals, and what they can be narrowed to as words of their own: every filter is then answered
-- from the index, in the order of arrival. Written behind the arrivals, in the order of their ids. Holds no
-- text that could be read back.
CREATE VIRTUAL TABLE signal_words USING fts5 (
    words, facets,
    content = '', contentless_delete = 1, detail = 'column',
    tokenize = "unicode61 remove_diacritics 2 tokenchars '_'"
);
CREATE TRIGGER signal_words_gone AFTER DELETE ON signals
BEGIN DELETE FROM signal_words WHERE rowid = old.id; END;

-- How far the words are written: the id of the last signal.
CREATE TABLE signal_words_state (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    upto INTEGER NOT NULL
) STRICT;
INSERT INTO signal_words_state (one, upto) VALUES (1, 0);

-- What kinds of signals there are, for the filters people see. Counts what was indexed, and is not counted
-- down.
CREATE TABLE signal_kinds (
    connection TEXT NOT NULL,
    signal_type TEXT NOT NULL,
    n INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    PRIMARY KEY (connection, signal_type)
) STRICT, WITHOUT ROWID;

CREATE TABLE saved_filters (
    name TEXT NOT NULL PRIMARY KEY,
    filter TEXT NOT NULL,
    saved_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 8;
