-- A film that is set into the picture of another: how much of the frame it takes, and the place of the
-- window of the embeddings next to it. NULL where there is none, and of contents that were signed
-- before.
ALTER TABLE signatures ADD COLUMN inset_share REAL;
ALTER TABLE signatures ADD COLUMN inset_window INTEGER;
