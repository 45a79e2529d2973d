-- Results of steps that a person keeps, to build the steps behind them on.
CREATE TABLE pins (
    chain TEXT NOT NULL REFERENCES chains (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    -- What gave them: another operation gives something else.
    connection TEXT NOT NULL,
    operation TEXT NOT NULL,
    -- A JSON list: per item its result in a list of one, or null where it was left out.
    outputs TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (chain, step)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 13;
