-- All frames of a content in one compressed row (engine.store.packing) instead of a row each.
CREATE TABLE contents_frames (
    signature_id INTEGER PRIMARY KEY REFERENCES signatures (id) ON DELETE CASCADE,
    first        INTEGER NOT NULL,       -- rowid of its first frame in vec0 tables; the rest follow
    frames       INTEGER NOT NULL,
    body         BLOB NOT NULL
) STRICT;
INSERT INTO contents_frames
    SELECT signature_id, min(id), count(*), pack_frames(timestamp_s, whash, hash, views, quality)
    FROM (SELECT * FROM frames ORDER BY signature_id, timestamp_s, id) GROUP BY signature_id;
DROP TABLE frames;
ALTER TABLE contents_frames RENAME TO frames;
CREATE UNIQUE INDEX frames_by_first ON frames (first, frames);

-- Nobody looks single hashes up: a search reads them all.
DROP TABLE frame_hashes;
