-- A group of very many files is shown by its first ones: they are kept beside the whole.
ALTER TABLE result_groups ADD COLUMN head TEXT;  -- JSON; NULL where the body is small
