"""The tables of signatures and frames: what each content looks like."""

import json
import time
from dataclasses import dataclass
from typing import cast

import apsw
import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.runtime import DIMENSIONS
from autodedup.engine.media.facts import Decoder, DecodeRoute, MediaFacts
from autodedup.engine.signature.model import HASH_BYTES, Signature
from autodedup.engine.signature.recipe import RECIPE
from autodedup.engine.store import meanings
from autodedup.engine.store.database import Database, integer


@dataclass(frozen=True, slots=True)
class SignatureRow:
    """What the database knows of one content, without its frames."""

    id: int
    recipe: str
    embedding_recipe: str | None
    facts: MediaFacts
    seconds: float
    route: DecodeRoute
    anchors: bytes
    stream_hash: bytes | None
    notes: tuple[str, ...]


_COLUMNS = (
    "id, recipe, embedding_recipe, container, codec, width, height, rotation, seconds, "
    "claimed_seconds, fps, bitrate_bps, pixel_format, audio_codec, audio_channels, video_streams, "
    "decoder, decoder_why, anchors, stream_hash, notes"
)


def add(connection: apsw.Connection, signature: Signature, tiers: str) -> int:
    """Store a signature with its frames and return its number."""
    facts = signature.facts
    connection.execute(
        "INSERT INTO signatures (recipe, embedding_recipe, tiers, container, codec, width, height, "
        "rotation, seconds, claimed_seconds, fps, bitrate_bps, pixel_format, audio_codec, "
        "audio_channels, video_streams, decoder, decoder_why, anchors, notes, made_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            signature.recipe,
            None if signature.embeddings is None else signature.embeddings.recipe,
            tiers,
            facts.container,
            facts.codec,
            facts.width,
            facts.height,
            facts.rotation,
            signature.seen_seconds,
            facts.duration_seconds,
            facts.frames_per_second,
            facts.bitrate_bps,
            facts.pixel_format,
            facts.audio_codec,
            facts.audio_channels,
            facts.video_streams,
            signature.route.decoder,
            signature.route.why,
            signature.anchor_whashes.astype("<u8").tobytes(),
            json.dumps(signature.notes),
            time.time(),
        ),
    )
    number = connection.last_insert_rowid()
    _add_frames(connection, number, signature)
    return number


def _add_frames(connection: apsw.Connection, number: int, signature: Signature) -> None:
    first = integer(connection, "SELECT coalesce(max(id), 0) FROM frames") + 1
    whashes = signature.whashes.astype("<u8").view("<i8")
    frames = [
        (
            first + n,
            number,
            float(signature.times_seconds[n]),
            int(whashes[n]),
            signature.hashes[n, 0].tobytes(),
            signature.hashes[n, 1:].tobytes(),
            float(signature.quality[n]),
        )
        for n in range(len(signature.times_seconds))
    ]
    connection.executemany(
        "INSERT INTO frames (id, signature_id, timestamp_s, whash, hash, views, quality) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        frames,
    )
    connection.executemany(
        "INSERT INTO frame_hashes (rowid, hash) VALUES (?, vec_bit(?))",
        [(frame[0], frame[4]) for frame in frames],
    )
    if signature.embeddings is not None:
        rows = signature.embeddings.rows
        connection.executemany(
            "INSERT INTO frame_embeddings (rowid, embedding) VALUES (?, vec_int8(?))",
            [(first + n, rows[n].tobytes()) for n in np.flatnonzero(rows.any(axis=1)).tolist()],
        )


def prune(connection: apsw.Connection) -> None:
    """Forget signatures that no file has any more."""
    orphans = [
        cast("int", row[0])
        for row in connection.execute(
            "SELECT id FROM signatures WHERE id NOT IN "
            "(SELECT signature_id FROM files WHERE signature_id IS NOT NULL)"
        )
    ]
    for number in orphans:
        for vectors in ("frame_hashes", "frame_embeddings"):
            connection.execute(
                f"DELETE FROM {vectors} WHERE rowid IN "
                "(SELECT id FROM frames WHERE signature_id = ?)",
                (number,),
            )
        meanings.forget(connection, number)
        connection.execute("DELETE FROM signatures WHERE id = ?", (number,))


def rows(db: Database) -> dict[int, SignatureRow]:
    """Return every signature, by its number."""
    with db.read() as connection:
        found = connection.execute(f"SELECT {_COLUMNS} FROM signatures")
        return {cast("int", values[0]): _row(values) for values in found}


def _row(values: "tuple[apsw.SQLiteValue, ...]") -> SignatureRow:
    (number, recipe, embedding_recipe, container, codec, width, height, rotation, seconds,
     claimed, fps, bitrate, pixels, audio, channels, streams, decoder, why, anchors, stream_hash,
     notes) = values  # fmt: skip
    return SignatureRow(
        id=cast("int", number),
        recipe=cast("str", recipe),
        embedding_recipe=cast("str | None", embedding_recipe),
        facts=MediaFacts(
            container=cast("str", container),
            codec=cast("str", codec),
            width=cast("int", width),
            height=cast("int", height),
            rotation=cast("int", rotation),
            duration_seconds=cast("float | None", claimed),
            frames_per_second=cast("float | None", fps),
            bitrate_bps=cast("int | None", bitrate),
            pixel_format=cast("str | None", pixels),
            audio_codec=cast("str | None", audio),
            audio_channels=cast("int | None", channels),
            video_streams=cast("int", streams),
        ),
        seconds=cast("float", seconds),
        route=DecodeRoute(cast("Decoder", decoder), cast("str", why)),
        anchors=cast("bytes", anchors),
        stream_hash=cast("bytes | None", stream_hash),
        notes=tuple(json.loads(cast("str", notes))),
    )


def outdated(db: Database, embedding: str | None) -> frozenset[int]:
    """Return the signatures made by another recipe, or not embedded by this one where it is asked.

    Args:
        db: Where to look.
        embedding: The recipe of the embeddings wanted; None where any, or none, will do.
    """
    with db.read() as connection:
        found = connection.execute(
            "SELECT id FROM signatures WHERE recipe <> ?1 "
            "OR (?2 IS NOT NULL AND embedding_recipe IS NOT ?2)",
            (RECIPE, embedding),
        )
        return frozenset(cast("int", row[0]) for row in found)


def newest(db: Database) -> int:
    """Return the number of the signature made last, 0 if there is none."""
    with db.read() as connection:
        return integer(connection, "SELECT coalesce(max(id), 0) FROM signatures")


def set_stream_hash(connection: apsw.Connection, number: int, stream_hash: bytes) -> None:
    """Record the hash of a content's encoded packets."""
    connection.execute("UPDATE signatures SET stream_hash = ? WHERE id = ?", (stream_hash, number))


@dataclass(frozen=True, slots=True, eq=False)
class StoredFrames:
    """The frames of one signature, as arrays; shapes as in `engine.signature.model`.

    `embeddings` (N, 128) int8 are zeros where a frame is flat, or nothing was embedded.
    """

    times_seconds: np.ndarray[tuple[int], np.dtype[np.float64]]
    hashes: np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]
    quality: np.ndarray[tuple[int], np.dtype[np.float32]]
    embeddings: NDArray[np.int8]


def frames(db: Database) -> dict[int, StoredFrames]:
    """Return the frames of every signature, by its number, in order of time."""
    gathered: dict[int, list[_Frame]] = {}
    with db.read() as connection:
        embedded = dict(connection.execute("SELECT rowid, embedding FROM frame_embeddings"))
        found = connection.execute(
            "SELECT id, signature_id, timestamp_s, hash, views, quality FROM frames "
            "ORDER BY signature_id, timestamp_s, id"
        )
        for place, number, moment, whole, views, quality in found:
            hashes = cast("bytes", whole) + cast("bytes", views)
            numbers = cast("bytes", embedded.get(place, _NOT_EMBEDDED))
            frame = (cast("float", moment), hashes, cast("float", quality), numbers)
            gathered.setdefault(cast("int", number), []).append(frame)
    return {number: _stacked(rows) for number, rows in gathered.items()}


_NOT_EMBEDDED = bytes(DIMENSIONS)
_Frame = tuple[float, bytes, float, bytes]  # seconds, hashes, quality, embedding


def _stacked(rows: list[_Frame]) -> StoredFrames:
    raw = b"".join(row[1] for row in rows)
    return StoredFrames(
        times_seconds=np.array([row[0] for row in rows], dtype=np.float64),
        hashes=np.frombuffer(raw, dtype=np.uint8).reshape(len(rows), -1, HASH_BYTES),
        quality=np.array([row[2] for row in rows], dtype=np.float32),
        embeddings=np.frombuffer(b"".join(row[3] for row in rows), dtype=np.int8).reshape(
            len(rows), DIMENSIONS
        ),
    )
