"""What there is to compare: the distinct contents of the library, each once."""

from collections.abc import Iterable

import numpy as np

from autodedup.engine.library import LibraryFile
from autodedup.engine.match.model import Clip
from autodedup.engine.semantic.vectors import Meanings
from autodedup.engine.signature.model import Embeddings
from autodedup.engine.signature.recipe import RECIPE
from autodedup.engine.store import meanings, signatures
from autodedup.engine.store.database import Database

_FEW = 8  # contents that are looked up by themselves; more, and the whole table is read


def clips_of(db: Database, files: Iterable[LibraryFile]) -> list[Clip]:
    """Return a clip for every signed content of these files, in the order of their numbers."""
    given = list(files)
    few = {number for file in given if (number := file.row.signature_id) is not None}
    frames = signatures.frames(db, few if len(few) <= _FEW else None)
    holders: dict[int, LibraryFile] = {}
    for file in given:
        signature = file.signature
        if signature is not None and signature.recipe == RECIPE and signature.id in frames:
            holders.setdefault(signature.id, file)
    meant = meanings.all_of(db)
    return [_clip(key, holders[key], frames[key], meant.get(key)) for key in sorted(holders)]


def _clip(
    key: int, file: LibraryFile, frames: signatures.StoredFrames, meaning: Meanings | None
) -> Clip:
    if file.signature is None:  # pragma: no cover - clips_of leaves such files out
        raise AssertionError(file.id)
    recipe = file.signature.embedding_recipe
    return Clip(
        key=key,
        seconds=file.signature.seconds,
        size_bytes=file.row.stat.size,
        times_seconds=frames.times_seconds,
        hashes=frames.hashes,
        quality=frames.quality,
        anchor_whashes=np.frombuffer(file.signature.anchors, dtype="<u8").astype(np.uint64),
        embeddings=None if recipe is None else Embeddings(recipe, frames.embeddings),
        meaning=meaning,
    )
