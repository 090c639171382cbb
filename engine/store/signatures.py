"""The tables of signatures and frames: what each content looks like."""

import json
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, cast

import apsw
import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.runtime import DIMENSIONS
from autodedup.engine.embedding.shapes import FULL, VIEWS
from autodedup.engine.media.facts import Decoder, DecodeRoute, MediaFacts
from autodedup.engine.signature.model import SetIn, Signature
from autodedup.engine.signature.recipe import RECIPE
from autodedup.engine.store import meanings
from autodedup.engine.store.database import Database, integer
from autodedup.engine.store.packing import Frames, packed, unpacked


@dataclass(frozen=True, slots=True)
class SignatureRow:
    """What the database knows of one content, without its frames."""

    id: int
    recipe: str
    embedding_recipe: str | None
    facts: MediaFacts
    seconds: float
    shown_share: float
    inset: SetIn | None
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
        "audio_channels, video_streams, decoder, decoder_why, anchors, notes, shown_share, "
        "inset_share, inset_window, made_at) "
        f"VALUES ({', '.join('?' * 24)})",
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
            signature.shown_share,
            None if signature.inset is None else signature.inset.share,
            None if signature.inset is None else signature.inset.window,
            time.time(),
        ),
    )
    number = connection.last_insert_rowid()
    _add_frames(connection, number, signature)
    return number


def _add_frames(connection: apsw.Connection, number: int, signature: Signature) -> None:
    first = (
        integer(connection, "SELECT first + frames FROM frames ORDER BY first DESC LIMIT 1") or 1
    )
    unasked = np.zeros(len(signature.times_seconds), dtype=np.uint64)
    body = packed(Frames(signature.times_seconds, signature.quality, unasked, signature.hashes))
    connection.execute(
        "INSERT INTO frames (signature_id, first, frames, body) VALUES (?, ?, ?, ?)",
        (number, first, len(signature.times_seconds), body),
    )
    if signature.embeddings is not None:
        rows = signature.embeddings.rows
        connection.executemany(
            "INSERT INTO frame_embeddings (rowid, embedding, views) VALUES (?, vec_int8(?), ?)",
            [
                (first + n, rows[n, FULL].tobytes(), rows[n, FULL + 1 :].tobytes())
                for n in np.flatnonzero(rows[:, FULL].any(axis=1)).tolist()
            ],
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
        held = connection.execute(
            "SELECT first, first + frames FROM frames WHERE signature_id = ?", (number,)
        ).fetchone()
        places = range(0) if held is None else range(*cast("tuple[int, int]", held))
        connection.executemany(
            "DELETE FROM frame_embeddings WHERE rowid = ?", [(place,) for place in places]
        )
        meanings.forget(connection, number)
        connection.execute("DELETE FROM signatures WHERE id = ?", (number,))


def rows(db: Database, of: Collection[int] | None = None) -> dict[int, SignatureRow]:
    """Return every signature, or those of these numbers that there are, by its number."""
    some = "" if of is None else f" WHERE id IN ({','.join(str(int(n)) for n in of)})"
    with db.read() as connection:
        version = integer(connection, "PRAGMA user_version")
        share = "coalesce(shown_share, 1.0)" if version >= _SHOWN_SINCE else "1.0"
        inset = "inset_share, inset_window" if version >= _INSET_SINCE else "NULL, NULL"
        found = connection.execute(f"SELECT {_COLUMNS}, {share}, {inset} FROM signatures{some}")
        return {cast("int", values[0]): _row(values) for values in found}


def stream_hashes(db: Database) -> dict[int, bytes]:
    """Return the hash of a content's encoded packets where there is one: all that may come later.

    Nothing else of a signature changes once it is stored.
    """
    with db.read() as connection:
        found = connection.execute(
            "SELECT id, stream_hash FROM signatures WHERE stream_hash IS NOT NULL"
        )
        return {cast("int", number): cast("bytes", known) for number, known in found}


_ROWS_HELD = 30_000  # about a kilobyte each

_Values: TypeAlias = (
    "tuple[int, str, str | None, str, str, int, int, int, float, float | None, float | None, "
    "int | None, str | None, str | None, int | None, int, Decoder, str, bytes, bytes | None, str, "
    "float, float | None, int | None]"
)


# A running server reads the same rows for every plan: making them anew takes longer than reading.
@lru_cache(maxsize=_ROWS_HELD)
def _row(values: "tuple[apsw.SQLiteValue, ...]") -> SignatureRow:
    # One cast for the row, not one a column: every search reads all of them.
    (number, recipe, embedding_recipe, container, codec, width, height, rotation, seconds,
     claimed, fps, bitrate, pixels, audio, channels, streams, decoder, why, anchors, stream_hash,
     notes, share, inset, window) = cast("_Values", values)  # fmt: skip
    return SignatureRow(
        id=number,
        recipe=recipe,
        embedding_recipe=embedding_recipe,
        facts=MediaFacts(
            container=container,
            codec=codec,
            width=width,
            height=height,
            rotation=rotation,
            duration_seconds=claimed,
            frames_per_second=fps,
            bitrate_bps=bitrate,
            pixel_format=pixels,
            audio_codec=audio,
            audio_channels=channels,
            video_streams=streams,
        ),
        seconds=seconds,
        shown_share=share,
        inset=None if inset is None or window is None else SetIn(inset, window),
        route=DecodeRoute(decoder, why),
        anchors=anchors,
        stream_hash=stream_hash,
        notes=() if notes == "[]" else tuple(json.loads(notes)),
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

    `embeddings` (K, V, 128) int8 are of the frames that were embedded, in `embedded_places` (K,).
    """

    times_seconds: NDArray[np.float64]
    hashes: NDArray[np.uint8]
    quality: NDArray[np.float32]
    embedded_places: NDArray[np.int64]
    embeddings: NDArray[np.int8]


def frames(db: Database, of: Collection[int] | None = None) -> dict[int, StoredFrames]:
    """Return the frames of every signature, or of some, by its number, in order of time."""
    some = "" if of is None else f" WHERE signature_id IN ({','.join(str(int(n)) for n in of)})"
    with db.read() as connection:
        version = integer(connection, "PRAGMA user_version")
        one_row = version >= _ONE_ROW_SINCE
        source = "SELECT signature_id, first, frames, body FROM frames" if one_row else _ROW_A_FRAME
        spans: list[tuple[int, int, Frames]] = []  # number, first place, and what is unpacked
        for values in connection.execute(f"SELECT * FROM ({source}){some}"):
            # Unpacked one by one: what is packed of a whole library is large too.
            number, first, count, body = cast("tuple[int, int, int, bytes]", values)
            spans.append((number, first, unpacked(body, count)))
        ranges = [range(first, first + len(looks.quality)) for _, first, looks in spans]
        embedded = _Embedded.none()
        if version >= _VIEWS_SINCE:
            embedded = _Embedded.read(connection, None if of is None else ranges)
    return {
        number: _stored(looks, *embedded.between(first, first + len(looks.quality)))
        for number, first, looks in spans
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Embedded:
    """Embedded frames: their numbers (M,) int64, rising, and their views (M, V, 128) int8."""

    numbers: NDArray[np.int64]
    rows: NDArray[np.int8]

    @classmethod
    def none(cls) -> "_Embedded":
        return cls(np.zeros(0, np.int64), np.zeros((0, len(VIEWS), DIMENSIONS), np.int8))

    @classmethod
    def read(cls, connection: apsw.Connection, ranges: Sequence[range] | None) -> "_Embedded":
        """Return the embedded frames of these ranges of numbers, or all."""
        sql = "SELECT rowid, embedding, views FROM frame_embeddings"
        if ranges is None:
            there = connection.execute("SELECT rowid FROM frame_embeddings")
            numbers = np.fromiter((cast("int", row[0]) for row in there), dtype=np.int64)
            found: Iterable[tuple[apsw.SQLiteValue, ...]] = connection.execute(sql)
        else:
            numbers = np.array([n for some in ranges for n in some], dtype=np.int64)
            # A row by its number is found at once; for all of them one pass is quicker.
            found = (
                row
                for n in numbers.tolist()
                for row in connection.execute(f"{sql} WHERE rowid = ?", (n,))
            )
        numbers = np.sort(numbers)
        rows = np.empty((len(numbers), _VIEWS_BYTES), dtype=np.int8)
        filled = np.zeros(len(numbers), dtype=bool)
        for number, full, views in found:
            kept = cast("bytes", full) + cast("bytes", views)
            # Views that were other than today's are of no use.
            if len(kept) == _VIEWS_BYTES:
                at = np.searchsorted(numbers, cast("int", number))
                rows[at], filled[at] = np.frombuffer(kept, dtype=np.int8), True
        if not filled.all():
            numbers, rows = numbers[filled], rows[filled]
        return cls(numbers, rows.reshape(-1, len(VIEWS), DIMENSIONS))

    def between(self, first: int, past: int) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """Return the places after `first` of the frames from there on, and their views."""
        low, high = np.searchsorted(self.numbers, (first, past))
        return self.numbers[low:high] - first, self.rows[low:high]


# A state that is only read may be older.
_ONE_ROW_SINCE, _VIEWS_SINCE, _SHOWN_SINCE, _INSET_SINCE = 3, 5, 7, 8
_ROW_A_FRAME = (
    "SELECT signature_id, min(id), count(*), pack_frames(timestamp_s, whash, hash, views, quality) "
    "FROM (SELECT * FROM frames ORDER BY signature_id, timestamp_s, id) GROUP BY signature_id"
)


_VIEWS_BYTES = len(VIEWS) * DIMENSIONS


def _stored(
    looks: Frames, embedded_places: NDArray[np.int64], embeddings: NDArray[np.int8]
) -> StoredFrames:
    return StoredFrames(
        times_seconds=looks.times_seconds,
        hashes=looks.hashes,
        quality=looks.quality,
        embedded_places=embedded_places,
        embeddings=embeddings,
    )
