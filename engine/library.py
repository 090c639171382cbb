"""The files of the library as everyone above the store sees them, and how a client names one."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autodedup.engine.errors import InvalidArgumentError, NotIngestedError, UnknownIdError
from autodedup.engine.names import shown
from autodedup.engine.roots import Place, Roots
from autodedup.engine.store import files, signatures
from autodedup.engine.store.database import Database
from autodedup.engine.store.files import FileRow
from autodedup.engine.store.signatures import SignatureRow
from autodedup.schemas.plan import Witness

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


class Library:
    """What is known of every file that is there, read once."""

    def __init__(self, db: Database, roots: Roots) -> None:
        self._roots = roots
        self.signatures = signatures.rows(db)
        present = files.select(db, "status NOT IN ('DELETED', 'MISSING')")
        self.files = {row.id: self._file(row) for row in present if roots.has(row.root_id)}
        self._by_place = {(f.row.root_id, f.row.path): f for f in self.files.values()}

    def _file(self, row: FileRow) -> LibraryFile:
        return LibraryFile(
            row=row,
            signature=None if row.signature_id is None else self.signatures.get(row.signature_id),
            shown=self._roots.shown(row.root_id, row.path),
            protected=self._roots.is_protected(row.root_id, row.path),
        )

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
