"""What there is to compare: the distinct contents of the library, each once."""

import threading
from collections.abc import Iterable, Mapping, Set
from weakref import WeakKeyDictionary

import numpy as np

from autodedup.engine.finding.remembered import GroupMemory
from autodedup.engine.library import LibraryFile, LibraryMemory
from autodedup.engine.match.memory import SearchMemory
from autodedup.engine.match.model import Clip, EmbeddedFrames, PairMatch
from autodedup.engine.semantic.vectors import Meanings
from autodedup.engine.signature.recipe import RECIPE
from autodedup.engine.store import meanings, pairs, signatures
from autodedup.engine.store.database import Database

IDLE_S = 300.0
_FEW = 100  # contents that are read one by one


class Contents:
    """The contents of one library, kept from one search to the next while it is in use.

    What a signature holds never changes, so only newcomers are read again. Let go of when nothing
    was searched for `IDLE_S`: a server lives for months.
    """

    def __init__(self) -> None:
        self.memory = SearchMemory()
        self.library = LibraryMemory()
        self.groups = GroupMemory()
        self._frames: dict[int, signatures.StoredFrames] = {}
        self._clips: dict[int, Clip] = {}
        self._matches: dict[str, PairMatch] = {}
        self._lock = threading.Lock()
        self._idle: threading.Timer | None = None

    def frames(self, db: Database, wanted: Set[int]) -> Mapping[int, signatures.StoredFrames]:
        """Return the frames of these signatures, reading those that are not held yet."""
        with self._lock:
            new = wanted - self._frames.keys()
            some = None if len(new) > _FEW else new
            held = self._frames
            if len(wanted) > _FEW:  # a whole library: what is gone from it is not needed any more
                held = {key: kept for key, kept in held.items() if key in wanted}
            self._frames = held | (signatures.frames(db, some) if new else {})
            return self._frames

    def clips(self, db: Database, holders: Mapping[int, LibraryFile]) -> list[Clip]:
        """Return a clip for each of these signatures, by one of its files, in order of number."""
        frames = self.frames(db, holders.keys())
        meant = meanings.all_of(db)
        held, made = self._clips, dict[int, Clip]()
        for key in sorted(holders.keys() & frames.keys()):
            clip, file, stored = held.get(key), holders[key], frames[key]
            if clip is None or not _is_of(clip, file, stored, meant.get(key)):
                clip = _clip(key, file, stored, meant.get(key))
            made[key] = clip
        self._clips = made
        return list(made.values())

    def matches(self, db: Database, basis: str) -> list[PairMatch]:
        """Return every match known on a basis, in a fixed order."""
        self._matches = pairs.by_text(db, basis, self._matches)
        return list(self._matches.values())

    def rest(self) -> None:
        """Let go of everything in a while, unless it is used again."""
        with self._lock:
            if self._idle is not None:
                self._idle.cancel()
            self._idle = threading.Timer(IDLE_S, self._forget)
            self._idle.daemon = True
            self._idle.start()

    def _forget(self) -> None:
        with self._lock, self.memory.lock:
            self._frames, self._clips, self._matches = {}, {}, {}
            self.memory.forget()
            self.library.forget()
            self.groups.forget()


_HELD: WeakKeyDictionary[Database, Contents] = WeakKeyDictionary()


def contents_of(db: Database) -> Contents:
    """Return what is held of a library."""
    return _HELD.setdefault(db, Contents())


def clips_of(db: Database, files: Iterable[LibraryFile]) -> list[Clip]:
    """Return a clip for every signed content of these files, in the order of their numbers."""
    holders: dict[int, LibraryFile] = {}
    for file in files:
        signature = file.signature
        if signature is not None and signature.recipe == RECIPE:
            holders.setdefault(signature.id, file)
    return contents_of(db).clips(db, holders)


def _is_of(
    clip: Clip, file: LibraryFile, frames: signatures.StoredFrames, meaning: Meanings | None
) -> bool:
    """Say whether a clip is what would be made of these again; meanings are read anew each time."""
    recipe = None if clip.embeddings is None else clip.embeddings.recipe
    return (
        clip.hashes is frames.hashes
        and clip.size_bytes == file.row.stat.size
        and file.signature is not None
        and file.signature.embedding_recipe == recipe
        and clip.meaning is None
        and meaning is None
    )


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
        embeddings=(
            None
            if recipe is None
            else EmbeddedFrames(recipe, frames.embedded_places, frames.embeddings)
        ),
        meaning=meaning,
        inset=None if file.signature.inset is None else file.signature.inset.window,
    )
