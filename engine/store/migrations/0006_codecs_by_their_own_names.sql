-- A hash of packets names the codec, not the decoder that this FFmpeg chose for it: libdav1d or av1,
-- mp3float or mp3. Of those that are kept it is not known which sounds they include, so all are
-- computed anew, by the next ingest.
UPDATE signatures SET stream_hash = NULL;
DELETE FROM meta WHERE name = 'streams_through';
