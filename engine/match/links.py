"""How one file directly relates to another: by its bytes, its stream, or what it shows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from autodedup.engine.match.keeper import FileFacts
from autodedup.engine.match.model import PairMatch
from autodedup.schemas.vocabulary import Kind

FilePair = tuple[int, int]  # two file ids, the smaller first
# A crop that was blown up a little shows nothing that is not in the film it was cut from.
_AS_FINE = 0.7  # of the pixels that the crop has for what both show


@dataclass(frozen=True, slots=True)
class GroupFile:
    """One file to group.

    `content` is the key of its signature, as in `PairMatch`; `sha256` and `stream_hash` are
    None where they were not needed so far.
    """

    facts: FileFacts
    content: int | None = None
    sha256: bytes | None = None
    stream_hash: bytes | None = None

    @property
    def file_id(self) -> int:
        """Return the file's id."""
        return self.facts.file_id


@dataclass(frozen=True, slots=True)
class Link:
    """How one file relates to another; `match` is the evidence where pictures were compared."""

    relation: Kind
    confidence: float
    match: PairMatch | None = None

    def covers(self, file: GroupFile) -> bool:
        """Say whether the other of the two shows all that `file` does, and not as an inset only."""
        if self.match is None or self.match.crop is None:
            return True
        return self.match.crop.content == file.content and not self.match.crop.inset


class Links:
    """The direct link between two files, if there is one."""

    def __init__(
        self,
        files: Sequence[GroupFile],
        matches: Iterable[PairMatch],
        apart: AbstractSet[FilePair],
        kinds: frozenset[Kind],
    ) -> None:
        self._files = files
        self._apart = apart
        self._kinds = kinds
        self._matches = {
            ordered(match.a, match.b): match for match in matches if match.relation in kinds
        }
        self._holders: dict[int, list[GroupFile]] = defaultdict(list)
        for file in sorted(files, key=lambda file: file.file_id):
            if file.content is not None:
                self._holders[file.content].append(file)
        self._alike: dict[tuple[str, bytes], list[GroupFile]] = defaultdict(list)
        for file in files:
            for name, value in (("sha", file.sha256), ("stream", file.stream_hash)):
                if value is not None:
                    self._alike[name, value].append(file)
        self._near: dict[int, list[int]] = defaultdict(list)
        self._parts: dict[int, list[int]] = defaultdict(list)
        self._films: dict[int, list[int]] = defaultdict(list)  # by part
        self._of_content: dict[int | None, list[PairMatch]] = defaultdict(list)
        for (low, high), match in sorted(self._matches.items()):
            self._of_content[low].append(match)
            if match.relation == "near":
                self._near[low].append(high)
                self._near[high].append(low)
            if match.relation == "contains" and match.inner is not None:
                film = low if match.inner == high else high
                self._parts[film].append(match.inner)
                self._films[match.inner].append(film)

    def whole(self, one: GroupFile, other: GroupFile) -> Link | None:
        """Return the tightest link between two files that show the same from start to end."""
        if ordered(one.file_id, other.file_id) in self._apart:
            return None
        if "exact" in self._kinds and _equal(one.sha256, other.sha256):
            return Link("exact", 1.0)
        if "same_stream" in self._kinds and _equal(one.stream_hash, other.stream_hash):
            return Link("same_stream", 1.0)
        match = self._match(one, other)
        if match is None or match.relation != "near":
            return None
        return Link("near", match.confidence, match)

    def equals_of(self, file: GroupFile) -> set[int]:
        """Return the files among which all are that show the same from start to end."""
        alike: list[GroupFile] = []
        for name, value in (("sha", file.sha256), ("stream", file.stream_hash)):
            if value is not None:
                alike += self._alike[name, value]
        for content in self._near.get(file.content, ()) if file.content is not None else ():
            alike += self._holders.get(content, ())
        return {other.file_id for other in alike}

    def inside(self, film: GroupFile, clip: GroupFile) -> Link | None:
        """Return the link by which a clip is a part of a film."""
        if ordered(film.file_id, clip.file_id) in self._apart:
            return None
        match = self._match(film, clip)
        if match is None or match.relation != "contains" or match.inner != clip.content:
            return None
        return Link("contains", match.confidence, match)

    def parts_of(self, film: GroupFile) -> Sequence[int]:
        """Return the contents the whole of which is a part of a film."""
        return () if film.content is None else self._parts.get(film.content, ())

    def films_of(self, clip: GroupFile) -> Sequence[int]:
        """Return the contents that the whole of a clip is a part of."""
        return () if clip.content is None else self._films.get(clip.content, ())

    def holders(self, content: int) -> Sequence[GroupFile]:
        """Return the files of a content."""
        return self._holders.get(content, ())

    def cropped(self, files: Sequence[GroupFile]) -> frozenset[int]:
        """Return which of some files are crops of others of them that show all about as finely."""
        holders: dict[int, list[GroupFile]] = defaultdict(list)
        for file in files:
            if file.content is not None:
                holders[file.content].append(file)
        found: set[int] = set()
        for content, clips in holders.items():
            for match in self._of_content.get(content, ()):
                other = match.b if match.a == content else match.a
                # A film that is set into another looks as if it were a crop of it.
                if match.crop is None or match.crop.inset or match.relation != "near":
                    continue
                if other not in holders:
                    continue
                crops, films = (clips, holders[other])[:: -1 if match.shows_more(content) else 1]
                most = max(film.facts.picture.pixels for film in films)
                found |= {
                    crop.file_id
                    for crop in crops
                    if most >= _AS_FINE * match.crop.share * crop.facts.picture.pixels
                }
        return frozenset(found)

    def related(self) -> list[list[GroupFile]]:
        """Return the files in parts between which there is no link of any kind."""
        return self.films(self._files)

    def connected(self, files: Iterable[GroupFile]) -> list[list[GroupFile]]:
        """Return some files in parts between which there is no link from start to end."""
        return self._joined(files, ("near",))

    def films(self, files: Iterable[GroupFile]) -> list[list[GroupFile]]:
        """Return some files in parts between which there is no link of any kind."""
        return self._joined(files, ("near", "contains"))

    def _joined(
        self, files: Iterable[GroupFile], relations: tuple[Kind, ...]
    ) -> list[list[GroupFile]]:
        given = sorted(files, key=lambda file: file.file_id)
        contents = {file.content for file in given}
        joined = _Union()
        for file in given:
            for kind, value in (
                ("sha", file.sha256),
                ("stream", file.stream_hash),
                ("content", file.content),
            ):
                if value is not None:
                    joined.join(("file", file.file_id), (kind, value))
        for content in contents:
            for match in self._of_content.get(content, ()):
                if match.relation in relations and {match.a, match.b} <= contents:
                    joined.join(("content", match.a), ("content", match.b))
        parts: dict[object, list[GroupFile]] = defaultdict(list)
        for file in given:
            parts[joined.root(("file", file.file_id))].append(file)
        return list(parts.values())

    def _match(self, one: GroupFile, other: GroupFile) -> PairMatch | None:
        if one.content is None or other.content is None:
            return None
        return self._matches.get(ordered(one.content, other.content))


class _Union:
    """Disjoint sets (Galler and Fischer 1964)."""

    def __init__(self) -> None:
        self._above: dict[object, object] = {}

    def root(self, item: object) -> object:
        above = self._above
        above.setdefault(item, item)
        while above[item] != item:
            above[item] = above[above[item]]  # a long chain is halved each time it is walked
            item = above[item]
        return item

    def join(self, one: object, other: object) -> None:
        self._above[self.root(one)] = self.root(other)


def _equal(one: bytes | None, other: bytes | None) -> bool:
    return one is not None and one == other


def ordered(one: int, other: int) -> FilePair:
    """Return a pair with the smaller number first."""
    return (one, other) if one <= other else (other, one)
