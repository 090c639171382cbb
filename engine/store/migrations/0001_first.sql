-- The state of one library. Paths are bytes relative to their root, so that any name can be kept
-- and the library can move. Times ending in _at are seconds since 1970.

CREATE TABLE roots (
    id        INTEGER PRIMARY KEY,
    path      BLOB NOT NULL UNIQUE,      -- where it was mounted last
    added_at  REAL NOT NULL
) STRICT;

-- What one content looks like. Exact copies share one row; a moved file keeps its own.
CREATE TABLE signatures (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice
    recipe          TEXT NOT NULL,       -- what was computed, with which versions
    embedding_recipe TEXT,               -- how its frames were embedded, by which model, if they were
    tiers           TEXT NOT NULL,       -- comma-separated
    container       TEXT NOT NULL,
    codec           TEXT NOT NULL,
    width           INTEGER NOT NULL,
    height          INTEGER NOT NULL,
    rotation        INTEGER NOT NULL,
    seconds         REAL NOT NULL,       -- how long the pictures really last
    claimed_seconds REAL,
    fps             REAL,
    bitrate_bps     INTEGER,
    pixel_format    TEXT,
    audio_codec     TEXT,
    audio_channels  INTEGER,
    video_streams   INTEGER NOT NULL,
    decoder         TEXT NOT NULL,
    decoder_why     TEXT NOT NULL,
    anchors         BLOB NOT NULL,       -- 3 × 64-bit wavelet hash, little-endian
    stream_hash     BLOB,                -- SHA-256 of the encoded packets, computed when it may match
    notes           TEXT NOT NULL,       -- JSON list
    made_at         REAL NOT NULL
) STRICT;

CREATE TABLE files (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,  -- f12 is never another file
    root_id      INTEGER NOT NULL REFERENCES roots (id),
    path         BLOB NOT NULL,
    size         INTEGER NOT NULL,
    mtime_ns     INTEGER NOT NULL,
    device       INTEGER NOT NULL,
    inode        INTEGER NOT NULL,
    status       TEXT NOT NULL CHECK (status IN (
        'NEW', 'HASHED', 'METADATA_EXTRACTED', 'PROCESSED',
        'DELETED', 'BROKEN', 'MISSING', 'PROCESSING_ERROR')),
    code         TEXT,                   -- why it is BROKEN or PROCESSING_ERROR
    detail       TEXT,
    attempts     INTEGER NOT NULL DEFAULT 0,
    crashes      INTEGER NOT NULL DEFAULT 0,
    edge_hash    BLOB,                   -- SHA-256 of size, first and last 64 KiB
    sha256       BLOB,                   -- of the whole file, where size and edge_hash agree with another's
    signature_id INTEGER REFERENCES signatures (id),
    found_at     REAL NOT NULL,
    seen_at      REAL NOT NULL,
    UNIQUE (root_id, path)
) STRICT;
CREATE INDEX files_by_edges ON files (size, edge_hash);
CREATE INDEX files_by_sha256 ON files (sha256) WHERE sha256 IS NOT NULL;
CREATE INDEX files_by_inode ON files (device, inode);
CREATE INDEX files_by_signature ON files (signature_id);
CREATE INDEX files_by_status ON files (status);

CREATE TABLE frames (
    id           INTEGER PRIMARY KEY,    -- also the rowid in the vec0 tables
    signature_id INTEGER NOT NULL REFERENCES signatures (id) ON DELETE CASCADE,
    timestamp_s  REAL NOT NULL,
    whash        INTEGER NOT NULL,       -- 64 bits, as a signed integer
    hash         BLOB NOT NULL,          -- 256 bits: the whole picture
    views        BLOB NOT NULL,          -- the other stored views, 32 bytes each
    quality      REAL NOT NULL
) STRICT;
CREATE INDEX frames_by_signature ON frames (signature_id, timestamp_s);

CREATE VIRTUAL TABLE frame_hashes USING vec0(hash bit[256]);
-- A flat frame has no embedding. Cosines of the bytes differ from those of the numbers by < 0.01.
CREATE VIRTUAL TABLE frame_embeddings USING vec0(embedding int8[128] distance_metric=cosine);

-- What the matcher said of two contents. `basis` names the recipe and the thresholds it rests on.
CREATE TABLE pairs (
    basis TEXT NOT NULL,
    low   INTEGER NOT NULL REFERENCES signatures (id) ON DELETE CASCADE,
    high  INTEGER NOT NULL REFERENCES signatures (id) ON DELETE CASCADE,
    body  TEXT NOT NULL,                 -- JSON: engine.match.model.PairMatch
    PRIMARY KEY (basis, low, high)
) STRICT, WITHOUT ROWID;
CREATE INDEX pairs_by_high ON pairs (high);

-- Contents that were compared with all others in this table, so that only newcomers need be.
CREATE TABLE compared (
    basis        TEXT NOT NULL,
    signature_id INTEGER NOT NULL REFERENCES signatures (id) ON DELETE CASCADE,
    PRIMARY KEY (basis, signature_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX compared_by_signature ON compared (signature_id);

-- A list of groups as it was found; pages are read from here and do not shift.
CREATE TABLE results (
    id         INTEGER PRIMARY KEY,
    question   TEXT NOT NULL,            -- digest of the arguments
    basis      TEXT NOT NULL,            -- as in pairs
    generation INTEGER NOT NULL,         -- meta.generation when it was computed
    summary    TEXT NOT NULL,            -- JSON
    made_at    REAL NOT NULL
) STRICT;
CREATE INDEX results_by_question ON results (question, generation);

-- A set of files keeps its group id from one result to the next.
CREATE TABLE groups (
    id      INTEGER PRIMARY KEY,
    members BLOB NOT NULL UNIQUE         -- SHA-256 of kind and the sorted file ids
) STRICT;

CREATE TABLE result_groups (
    result_id INTEGER NOT NULL REFERENCES results (id) ON DELETE CASCADE,
    place     INTEGER NOT NULL,
    group_id  INTEGER NOT NULL REFERENCES groups (id),
    body      TEXT NOT NULL,             -- JSON
    PRIMARY KEY (result_id, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX result_groups_by_group ON result_groups (group_id, result_id);

CREATE TABLE plans (
    id         INTEGER PRIMARY KEY,
    digest     TEXT NOT NULL,
    status     TEXT NOT NULL CHECK (status IN (
        'planned', 'applying', 'applied', 'partial', 'undoing', 'undone')),
    body       TEXT NOT NULL,            -- JSON: what stands beside the actions (risks, sums)
    made_at    REAL NOT NULL,
    approved_digest TEXT,                -- the digest a person agreed to
    approved_at     REAL
) STRICT;
CREATE INDEX plans_by_digest ON plans (digest);

CREATE TABLE actions (
    plan_id  INTEGER NOT NULL REFERENCES plans (id) ON DELETE CASCADE,
    n        INTEGER NOT NULL,
    body     TEXT NOT NULL,              -- JSON: schemas.plan.Action
    state    TEXT NOT NULL DEFAULT 'planned' CHECK (state IN (
        'planned', 'done', 'skipped', 'failed', 'undone')),
    code     TEXT,
    detail   TEXT,
    freed    INTEGER NOT NULL DEFAULT 0, -- bytes that doing it gave back
    PRIMARY KEY (plan_id, n)
) STRICT, WITHOUT ROWID;

-- Every step on a user's file: `intent` is durable before it is taken, `outcome` after.
CREATE TABLE journal (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    plan_id     INTEGER NOT NULL REFERENCES plans (id),
    n           INTEGER NOT NULL,
    direction   TEXT NOT NULL CHECK (direction IN ('apply', 'undo', 'purge')),
    intent      TEXT NOT NULL,           -- JSON: what is about to be done, with both places
    intended_at REAL NOT NULL,
    outcome     TEXT CHECK (outcome IN ('done', 'rolled_back', 'failed')),
    report      TEXT,                    -- JSON: how it was done, where it lies now
    ended_at    REAL
) STRICT;
CREATE INDEX journal_open ON journal (id) WHERE outcome IS NULL;
CREATE INDEX journal_by_plan ON journal (plan_id, n);

CREATE TABLE jobs (
    id          INTEGER PRIMARY KEY,
    tool        TEXT NOT NULL,
    arguments   TEXT NOT NULL,           -- JSON
    status      TEXT NOT NULL CHECK (status IN ('running', 'complete', 'cancelled', 'failed')),
    body        TEXT,                    -- JSON: the answer, or what is known so far
    owner       TEXT NOT NULL,           -- the process that runs it
    stop_asked  INTEGER NOT NULL DEFAULT 0,  -- by a call to another server than the owner
    started_at  REAL NOT NULL,
    ended_at    REAL
) STRICT;

-- Who may write to what: `work` is ingest or apply. A lease that is not renewed lapses.
CREATE TABLE leases (
    work       TEXT PRIMARY KEY,
    owner      TEXT NOT NULL,
    expires_at REAL NOT NULL
) STRICT, WITHOUT ROWID;

-- "Not a duplicate", said by a person. Contents, not names: it survives renames and rescans.
CREATE TABLE decisions (
    low      BLOB NOT NULL,              -- the smaller content key of the pair
    high     BLOB NOT NULL,
    made_at  REAL NOT NULL,
    PRIMARY KEY (low, high)
) STRICT, WITHOUT ROWID;

-- Contents that were let go, so that they are recognised when they come back.
CREATE TABLE departed (
    content  BLOB PRIMARY KEY,           -- content key
    how      TEXT NOT NULL,              -- trash | delete
    plan_id  INTEGER NOT NULL,
    left_at  REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('generation', '0');
