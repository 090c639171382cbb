-- What frames mean to a model of the semantic tier. Every model has numbers of its own and a
-- vec0 table of its own, meanings_<id> with float[dimensions]: what two models say is never mixed.
CREATE TABLE meaning_models (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: it names a table
    recipe     TEXT NOT NULL UNIQUE,     -- the model's name, the digest of its weights, the picture's side
    dimensions INTEGER NOT NULL
) STRICT;

CREATE TABLE meaning_frames (
    id           INTEGER PRIMARY KEY,    -- also the rowid in the model's vec0 table
    model_id     INTEGER NOT NULL REFERENCES meaning_models (id),
    signature_id INTEGER NOT NULL REFERENCES signatures (id) ON DELETE CASCADE,
    timestamp_s  REAL NOT NULL
) STRICT;
CREATE INDEX meaning_frames_by_signature ON meaning_frames (signature_id, timestamp_s);
