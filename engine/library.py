"""The files of the library as everyone above the store sees them, and how a client names one."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from autodedup.engine.errors import InvalidArgumentError, NotIngestedError, UnknownIdError
from autodedup.engine.names import shown
from autodedup.engine.roots import Place, Roots
from autodedup.engine.store import files, signatures
from autodedup.engine.store.database import Database
from autodedup.engine.store.files import FileRow, Values
from autodedup.engine.store.signatures import SignatureRow
from autodedup.schemas.plan import Witness

_FEW = 100  # signatures that are read one by one
_ID = re.compile(r"f[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class LibraryFile:
    """A file with what is known of its content. `shown` is its path as a client reads it."""

    row: FileRow
    signature: SignatureRow | None
    shown: str
    protected: bool

    @property
    def id(self) -> str:
        """Return the id by which clients know the file."""
        return f"f{self.row.id}"

    @property
    def witness(self) -> Witness:
        """Return what the file looked like when it was judged."""
        stat = self.row.stat
        return Witness(
            file=self.id,
            root=self.row.root_id,
            path=self.row.path,
            device=stat.device,
            inode=stat.inode,
            size=stat.size,
            mtime_ns=stat.mtime_ns,
        )

    def is_hard_link_of(self, other: "LibraryFile") -> bool:
        """Return whether both names are one file on disk: letting one go frees nothing."""
        mine, its = self.row.stat, other.row.stat
        return (mine.device, mine.inode) == (its.device, its.inode)


class LibraryMemory:
    """The files of one library as they were read last: those that are the same are not made anew.

    Every search reads all of them, and nearly all are what they were. Whoever holds on to one may
    tell by its identity that nothing of it changed.
    """

    def __init__(self) -> None:
        self._rows: dict[Values, FileRow] = {}
        self._last: tuple[Roots | None, dict[int, LibraryFile]] = (None, {})

    def forget(self) -> None:
        """Let go of everything."""
        self._rows, self._last = {}, (None, {})

    def files(self, db: Database, roots: Roots) -> dict[int, LibraryFile]:
        """Return every file that is there, by its number, in their order."""
        last_roots, held = self._last
        if last_roots is not roots:
            held = {}
        rows = files.present(db, self._rows)
        own = [row for row in rows.values() if roots.has(row.root_id)]
        signed = _signatures(db, own, held)
        found: dict[int, LibraryFile] = {}
        for row in own:
            signature = None if row.signature_id is None else signed.get(row.signature_id)
            file = held.get(row.id)
            if file is None or file.row is not row or file.signature is not signature:
                file = _file(row, signature, roots)
            found[row.id] = file
        self._rows, self._last = rows, (roots, found)  # of two readers, either may end last
        return found


def _signatures(
    db: Database, rows: Iterable[FileRow], held: Mapping[int, LibraryFile]
) -> dict[int, SignatureRow]:
    """Return the signatures of some files, by number, reading those that no held file has."""
    known = {
        file.signature.id: file.signature for file in held.values() if file.signature is not None
    }
    wanted = {row.signature_id for row in rows}
    new = [number for number in wanted if number is not None and number not in known]
    if new:
        known |= signatures.rows(db, new if len(new) <= _FEW else None)
    for number, stream_hash in signatures.stream_hashes(db).items():
        if number in known and known[number].stream_hash != stream_hash:
            known[number] = replace(known[number], stream_hash=stream_hash)
    return known


def _file(row: FileRow, signature: SignatureRow | None, roots: Roots) -> LibraryFile:
    return LibraryFile(
        row=row,
        signature=signature,
        shown=roots.shown(row.root_id, row.path),
        protected=roots.is_protected(row.root_id, row.path),
    )


class Library:
    """What is known of every file that is there, read once."""

    def __init__(self, db: Database, roots: Roots, memory: LibraryMemory | None = None) -> None:
        """Read the files; `memory` is what an earlier reading left behind, and what this leaves."""
        self._roots = roots
        self.files = (memory or LibraryMemory()).files(db, roots)

    @cached_property
    def _by_place(self) -> dict[tuple[int, str], LibraryFile]:
        return {(f.row.root_id, f.row.path): f for f in self.files.values()}

    def named(self, ref: str) -> LibraryFile:
        """Return the file that an id or a path names.

        Raises:
            UnknownIdError: No file that is there has this id.
            NotIngestedError: The path is there, but not in the state.
            InvalidArgumentError: The path is a folder.
            PathNotFoundError: Nothing is at this path.
            PathOutsideRootsError: The path leads outside the library.
        """
        if _ID.fullmatch(ref):
            found = self.files.get(int(ref[1:]))
            if found is None:
                raise UnknownIdError(f"There is no file {ref}.", details={"file": ref})
            return found
        place = self._roots.locate(ref)
        found = self._by_place.get((place.root.id, place.relative))
        if found is not None:
            return found
        if place.path.is_dir():
            raise InvalidArgumentError(f"{shown(ref)} is a folder; name a file.")
        raise NotIngestedError(
            f"{shown(ref)} is not in the state yet.", details={"path": shown(ref)}
        )

    def within(self, scope: frozenset[int] | None) -> list[LibraryFile]:
        """Return the files of these numbers that are there; all where there is no scope."""
        return [file for number, file in self.files.items() if scope is None or number in scope]

    def under(self, refs: Iterable[str]) -> frozenset[int]:
        """Return the numbers of the files that ids, files or folders name.

        Raises:
            AutoDedupError: As for `named`; a folder may be named here.
        """
        chosen: set[int] = set()
        for ref in refs:
            if _ID.fullmatch(ref):
                chosen.add(self.named(ref).row.id)
            else:
                chosen.update(self._at(self._roots.locate(ref)))
        return frozenset(chosen)

    def _at(self, place: Place) -> Sequence[int]:
        inside = f"{place.relative}/" if place.relative else ""
        return [
            number
            for number, file in self.files.items()
            if file.row.root_id == place.root.id
            and (file.row.path == place.relative or file.row.path.startswith(inside))
        ]
