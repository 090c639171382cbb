-- How much of its frame a film's picture takes, 1 where nothing is around it. Not known (NULL) of
-- contents that were signed before: their whole frame counts as picture.
ALTER TABLE signatures ADD COLUMN shown_share REAL;
