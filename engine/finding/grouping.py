"""Between the store and the matcher: files in, groups out, and the star around another keeper."""

import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from autodedup.engine.finding.evidence import evidence_of, why_keep
from autodedup.engine.finding.found import FoundGroup, FoundMember
from autodedup.engine.finding.parts import Part, parts_of
from autodedup.engine.finding.remembered import GroupMemory
from autodedup.engine.library import Library, LibraryFile
from autodedup.engine.match.contradicted import without_contradicted
from autodedup.engine.match.group import group_acting
from autodedup.engine.match.keeper import KEEP_RULES, FileFacts
from autodedup.engine.match.links import FilePair, GroupFile, Link, Links, ordered
from autodedup.engine.match.meaning import alike_in_meaning as pairs_of_meaning
from autodedup.engine.match.model import PairMatch
from autodedup.engine.match.overlaps import group_overlaps, left_out
from autodedup.engine.match.stars import Group as Star
from autodedup.engine.match.stars import Member as StarMember
from autodedup.engine.match.stars import Twin as StarTwin
from autodedup.engine.match.stars import star
from autodedup.engine.store import decisions, meanings, pairs
from autodedup.engine.store.database import Database
from autodedup.schemas.evidence import Evidence
from autodedup.schemas.find_duplicates import Group, Twin
from autodedup.schemas.vocabulary import KeepRule, Kind

CHOSEN = "chosen for this plan"
HOLDS_ALL = "length: the others are parts of it"


def alike_in_meaning(
    db: Database,
    contents: Collection[int | None],
    least: float,
    known: Sequence[PairMatch],
    stop: threading.Event | None = None,
) -> list[PairMatch]:
    """Return the pairs of some contents that are alike in meaning only.

    Args:
        db: Where their meanings are.
        contents: The numbers of their signatures.
        least: The cosine asked for.
        known: What the matcher says of them: such a pair is more than alike.
        stop: Set to end early.

    Raises:
        CancelledError: `stop` was set.
    """
    related = {(match.a, match.b) for match in known}
    meant = {key: said for key, said in meanings.all_of(db).items() if key in contents}
    return [
        match
        for match in pairs_of_meaning(meant, least, stop or threading.Event())
        if (match.a, match.b) not in related and (match.b, match.a) not in related
    ]


class Grouping:
    """Groups the files of a library."""

    def __init__(self, db: Database, library: Library, memory: GroupMemory | None = None) -> None:
        """Group the files of `library`; `memory` is what an earlier grouping left behind."""
        self._db = db
        self._library = library
        self._memory = memory or GroupMemory()
        self._apart = _apart(db, library)
        self._pairs: dict[str, list[PairMatch]] = {}

    def groups(
        self,
        matches: Sequence[PairMatch],
        *,
        kinds: Collection[Kind],
        scope: frozenset[int] | None,
        least: float,
        stop: threading.Event,
    ) -> list[FoundGroup]:
        """Return the groups of these kinds, those that free most first.

        Args:
            matches: What the matcher says of the contents.
            kinds: The relations to report.
            scope: The files to group; all when None.
            least: Claims of less confidence are left out.
            stop: Set to end early.

        Raises:
            CancelledError: `stop` was set.
        """
        sure = [match for match in matches if match.confidence >= least]
        parts = parts_of(self._library.within(scope), sure, self._apart)
        found = self._memory.grouped(parts, kinds, lambda part: self._of_part(part, kinds, stop))
        return sorted(found, key=lambda g: (-g.reclaimable_bytes, g.keeper.row.id))

    def _of_part(
        self, part: Part, kinds: Collection[Kind], stop: threading.Event
    ) -> list[FoundGroup]:
        files = [_to_group(file) for file in part.files]
        stars = group_acting(files, part.matches, apart=part.apart, kinds=kinds, stop=stop)
        if "overlap" in kinds:
            told = left_out(files, part.matches, stars, apart=part.apart, kinds=kinds)
            stars += group_overlaps(files, [*part.matches, *told], apart=part.apart)
        if "semantic" in kinds:
            stars += group_overlaps(files, part.matches, apart=part.apart, relation="semantic")
        return [self._found(star, self._library.files) for star in stars]

    def _found(self, star: Star, of_id: Mapping[int, LibraryFile]) -> FoundGroup:
        keeper = of_id[star.keeper]
        parts = all(member.link.relation == "contains" for member in star.members)
        others = [of_id[member.file_id] for member in star.members]
        return FoundGroup(
            kind=star.kind,
            confidence=star.confidence,
            keeper=keeper,
            why_keep=HOLDS_ALL if parts else why_keep(keeper, star.rule, others),
            members=tuple(
                replace(
                    self._member(of_id[m.file_id], keeper, m.link),
                    twin=None if m.twin is None else _told_twin(m.twin),
                )
                for m in star.members
            ),
        )

    def _member(self, file: LibraryFile, keeper: LibraryFile, link: Link) -> FoundMember:
        # Equal bytes need no further argument.
        exact = link.relation == "exact"
        evidence = Evidence() if exact else evidence_of(file, keeper, link.match)
        return FoundMember(file, link.relation, link.confidence, evidence)

    def judged_again(
        self,
        present: Sequence[LibraryFile],
        group: Group,
        basis: str,
        *,
        keep: Sequence[KeepRule] | None,
        forced: int | None,
    ) -> list[FoundGroup]:
        """Return what is left of a stored group, by what is known of its files now.

        Nothing is taken from the stored group but which files to look at and which relations
        were asked for: a file whose content changed since, or that a person has called no
        duplicate, has no link any more. Files that match no keeper are left out.

        Args:
            present: The files of the group that may be looked at.
            group: The group as it was stored.
            basis: The name of the pairs it rests on.
            keep: The keep rules, in order; protected files come first in any case.
            forced: The file to keep, whatever the rules say.
        """
        of_id = {file.row.id: file for file in present}
        matches = self._matches_among(present, basis, _least_sure(group))
        kinds = _relations_of(group)
        if "semantic" in kinds:
            contents = {file.row.signature_id for file in present}
            matches += alike_in_meaning(self._db, contents, _least_sure(group), matches)
        files = [_to_group(file) for file in present]
        if forced is not None:
            star = self._forced(forced, files, Links(files, matches, self._apart, kinds))
            return [] if star is None else [replace(self._found(star, of_id), why_keep=CHOSEN)]
        rules = _protected_first(keep or KEEP_RULES)
        stars = group_acting(files, matches, apart=self._apart, kinds=kinds, rules=rules)
        if "overlap" in kinds:
            shared = [match.as_overlap() for match in matches if match.relation != "semantic"]
            stars += group_overlaps(files, shared, apart=self._apart, rules=rules)
        if "semantic" in kinds:
            stars += group_overlaps(
                files, matches, apart=self._apart, rules=rules, relation="semantic"
            )
        return [self._found(star, of_id) for star in stars]

    def _matches_among(
        self, present: Sequence[LibraryFile], basis: str, least: float
    ) -> list[PairMatch]:
        if basis not in self._pairs:
            self._pairs[basis] = without_contradicted(pairs.load(self._db, basis))
        contents = {file.row.signature_id for file in present}
        return [
            match
            for match in self._pairs[basis]
            if match.a in contents and match.b in contents and round(match.confidence, 3) >= least
        ]

    def _forced(self, keeper: int, files: Sequence[GroupFile], links: Links) -> Star | None:
        """Return the star of a chosen keeper: only what matches it directly."""
        centre = next(file for file in files if file.file_id == keeper)
        members = [
            StarMember(file.file_id, link, redundant=not file.facts.protected)
            for file in files
            if file.file_id != keeper
            and (link := links.whole(centre, file) or links.inside(centre, file)) is not None
        ]
        return star(keeper, members, None) if members else None


def _relations_of(group: Group) -> frozenset[Kind]:
    """Return the relations that a stored group rests on."""
    told = {file.relation for file in group.files if file.relation is not None}
    return frozenset(told | {file.twin.relation for file in group.files if file.twin is not None})


def _least_sure(group: Group) -> float:
    """Return the least confidence that a stored group rests on."""
    twins = [file.twin.confidence for file in group.files if file.twin is not None]
    return min([group.confidence, *twins])


def _protected_first(rules: Sequence[KeepRule]) -> tuple[KeepRule, ...]:
    return tuple(rules) if "protected" in rules else ("protected", *rules)


def _told_twin(twin: StarTwin) -> Twin:
    return Twin(
        file=f"f{twin.file_id}",
        relation=twin.link.relation,
        confidence=round(twin.link.confidence, 3),
    )


def _to_group(file: LibraryFile) -> GroupFile:
    return GroupFile(
        facts=_facts(file),
        content=file.row.signature_id,
        sha256=file.row.sha256,
        stream_hash=None if file.signature is None else file.signature.stream_hash,
    )


def _facts(file: LibraryFile) -> FileFacts:
    signature = file.signature
    inset = None if signature is None else signature.inset
    return FileFacts(
        file_id=file.row.id,
        path=file.row.path,
        protected=file.protected,
        width=0 if signature is None else signature.facts.width,
        height=0 if signature is None else signature.facts.height,
        codec="" if signature is None else signature.facts.codec,
        bitrate_bps=None if signature is None else signature.facts.bitrate_bps,
        size_bytes=file.row.stat.size,
        seconds=0.0 if signature is None else signature.seconds,
        shown_share=1.0 if signature is None else signature.shown_share,
        inset_share=0.0 if inset is None else inset.share,
    )


def _apart(db: Database, library: Library) -> frozenset[FilePair]:
    """Return the pairs of files whose contents a person has said are not duplicates."""
    said = decisions.apart(db)
    if not said:
        return frozenset()
    holders: dict[bytes, list[int]] = defaultdict(list)
    for number, file in library.files.items():
        holders[decisions.content_key(file.row)].append(number)
    return frozenset(_pairs_of(said, holders))


def _pairs_of(
    said: Iterable[decisions.ContentPair], holders: dict[bytes, list[int]]
) -> Iterable[FilePair]:
    for low, high in said:
        for one in holders.get(low, ()):
            for other in holders.get(high, ()):
                yield ordered(one, other)
