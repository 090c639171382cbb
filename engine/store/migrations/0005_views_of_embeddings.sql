-- Frames are embedded in several views: `embedding` is of the whole, and what a single frame is
-- looked up by; `views` are those of the others that engine.embedding.shapes names, 128 bytes each.
-- What the model before has embedded is of no use to this one.
DROP TABLE frame_embeddings;
CREATE VIRTUAL TABLE frame_embeddings USING vec0(
    embedding int8[128] distance_metric=cosine,
    +views BLOB
);
UPDATE signatures SET embedding_recipe = NULL;
