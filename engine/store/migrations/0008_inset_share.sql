-- How much of the frame a film takes that is set into another one, 0 where none is. Not known (NULL)
-- of contents that were signed before: it counts as 0.
ALTER TABLE signatures ADD COLUMN inset_share REAL;
