"""Which files of a library have anything to do with each other, in parts that have not."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from autodedup.engine.library import LibraryFile
from autodedup.engine.match.links import FilePair
from autodedup.engine.match.model import PairMatch


@dataclass(frozen=True, slots=True)
class Part:
    """Files that are linked, one to the next, with all that speaks for and against their links.

    No link leads out of it, so what they are grouped into depends on nothing else.

    files    two at least, in the order in which they were given
    matches  those between their contents, in the order in which they were given
    apart    the pairs of them that a person has called no duplicates
    """

    files: tuple[LibraryFile, ...]
    matches: tuple[PairMatch, ...]
    apart: frozenset[FilePair]


def parts_of(
    files: Sequence[LibraryFile],
    matches: Sequence[PairMatch],
    apart: AbstractSet[FilePair] = frozenset(),
) -> list[Part]:
    """Return the files that are related to another: of a large library few are."""
    some = _not_alone(files, matches)
    joined = _joined(some, matches)
    members: dict[int, list[LibraryFile]] = defaultdict(list)
    for file in some:
        members[joined.root(_node(file))].append(file)
    between: dict[int, list[PairMatch]] = defaultdict(list)
    for match in matches:
        if match.a in joined and match.b in joined:
            between[joined.root(match.a)].append(match)
    said = _said(members, apart)
    return [
        Part(tuple(linked), tuple(between.get(root, ())), frozenset(said.get(root, ())))
        for root, linked in members.items()
        if len(linked) > 1
    ]


def _not_alone(files: Sequence[LibraryFile], matches: Iterable[PairMatch]) -> list[LibraryFile]:
    """Return the files that share a match or a mark with another."""
    matched = {key for match in matches for key in (match.a, match.b)}
    marks = [(f.row.signature_id, f.row.sha256, _stream(f)) for f in files]
    shared: list[set[object]] = [
        {mark for mark, held in Counter(column).items() if held > 1 and mark is not None}
        for column in zip(*marks, strict=True)
    ]
    if not files:
        return []
    contents, hashes, streams = shared
    contents |= matched
    return [
        file
        for file, (content, sha256, stream) in zip(files, marks, strict=True)
        if content in contents or sha256 in hashes or stream in streams
    ]


def _joined(files: Sequence[LibraryFile], matches: Iterable[PairMatch]) -> "_Sets":
    joined = _Sets()
    first: dict[tuple[str, bytes], int] = {}
    for file in files:
        node = joined.root(_node(file))
        for name, mark in (("bytes", file.row.sha256), ("stream", _stream(file))):
            if mark is not None:
                joined.join(first.setdefault((name, mark), node), node)
    for match in matches:
        if match.a in joined and match.b in joined:
            joined.join(match.a, match.b)
    return joined


def _said(
    members: dict[int, list[LibraryFile]], apart: AbstractSet[FilePair]
) -> dict[int, list[FilePair]]:
    """Return the pairs of files that stand in one part, by its root."""
    said: dict[int, list[FilePair]] = defaultdict(list)
    if apart:
        root_of = {file.row.id: root for root, linked in members.items() for file in linked}
        for one, other in apart:
            if one in root_of and root_of[one] == root_of.get(other):
                said[root_of[one]].append((one, other))
    return said


def _node(file: LibraryFile) -> int:
    """Return what stands for a file: its content, which all its copies share, or itself."""
    return -file.row.id if file.row.signature_id is None else file.row.signature_id


def _stream(file: LibraryFile) -> bytes | None:
    return None if file.signature is None else file.signature.stream_hash


class _Sets:
    """Disjoint sets of numbers (Galler and Fischer 1964)."""

    def __init__(self) -> None:
        self._above: dict[int, int] = {}

    def __contains__(self, number: int) -> bool:
        return number in self._above

    def root(self, number: int) -> int:
        above = self._above
        parent = above.setdefault(number, number)
        while parent != number:
            above[number] = above[parent]  # a long chain is halved each time it is walked
            number, parent = parent, above[parent]
        return number

    def join(self, one: int, other: int) -> None:
        self._above[self.root(one)] = self.root(other)
