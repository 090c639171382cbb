"""Finding duplicates, from the state alone: compare what is new, group, store, answer by pages."""

import threading
from collections.abc import Set as AbstractSet

from autodedup.engine.errors import CancelledError, NotIngestedError
from autodedup.engine.finding.answer import coverage_of, page_from, totals_of
from autodedup.engine.finding.basis import basis_of, question_of, thresholds_of
from autodedup.engine.finding.contents import Contents, clips_of, contents_of
from autodedup.engine.finding.found import FoundGroup
from autodedup.engine.finding.grouping import Grouping, alike_in_meaning
from autodedup.engine.finding.remembered import GroupMemory
from autodedup.engine.finding.seldom_collected import seldom_collected
from autodedup.engine.gpu.search import gpu_search
from autodedup.engine.library import Library, LibraryFile
from autodedup.engine.match.contradicted import without_contradicted
from autodedup.engine.match.find import find_pairs
from autodedup.engine.match.model import Clip, PairMatch
from autodedup.engine.pace import Pace
from autodedup.engine.roots import Roots
from autodedup.engine.settings import Settings
from autodedup.engine.store import files, generation, pairs, results
from autodedup.engine.store.database import Database
from autodedup.schemas.find_duplicates import Coverage, FindAnswer, FindArguments, GroupTotals
from autodedup.schemas.jobs import Progress

FEW = 0.1  # share of the contents that are looked up one by one as newcomers, at most
# And their number: a look-up costs a 600th of a whole search beside 10,000 films (0.045 s of 28);
# among embeddings a 20th (0.33 s of 6.8 beside 100,000 frames).
A_FEW, A_FEW_EMBEDDED = 256, 24
MOST_MATCHED = 16  # contents, of those that one matches, that are looked up in their turn


class FindRun:
    """One search; a `Work` for `engine.jobs`."""

    def __init__(
        self, db: Database, roots: Roots, settings: Settings, arguments: FindArguments
    ) -> None:
        self._db, self._roots, self._settings = db, roots, settings
        self._arguments = arguments
        self._thresholds = thresholds_of(settings, arguments.profile)
        self._basis = basis_of(self._thresholds)
        self._done, self._total = 0, 0
        self._pace = Pace()
        self.begun = threading.Event()
        self.begun.set()  # it reads, so nobody's work is in its way
        refuse_empty_state(db)
        self._like: int | None = None
        self._scope: frozenset[int] | None = None
        # Names that are not there are refused at once; without any, the files are read later.
        if arguments.like is not None or arguments.paths is not None:
            self._name(Library(db, roots, contents_of(db).library))

    def _name(self, library: Library) -> None:
        arguments = self._arguments
        self._like = None if arguments.like is None else library.named(arguments.like).row.id
        self._scope = None if arguments.paths is None else library.under(arguments.paths)

    def run(self, stop: threading.Event) -> FindAnswer:
        """Find the groups and store them; answer the first page."""
        held = contents_of(self._db)
        try:
            with seldom_collected():
                return self._run(stop, held)
        finally:
            held.rest()

    def _run(self, stop: threading.Event, held: Contents) -> FindAnswer:
        with self._db.read() as connection:
            at = generation.current(connection)
        library = Library(self._db, self._roots, held.library)
        try:
            matches = self._matches(library, stop)
            if "semantic" in self._arguments.kinds:
                matches += self._alike(library, matches, stop)
            groups = self._groups(library, without_contradicted(matches), stop)
        except CancelledError:
            return self._empty("cancelled")
        compared = library.within(self._scope)
        question = question_of(self._settings, self._arguments, self._roots)
        with self._db.atomic() as connection:
            stored = held.groups.numbered(groups, connection)
            redundant = sum(group.redundant_files for group in groups)
            shown = [each.group for each in stored]
            summary = totals_of(shown, redundant, coverage_of(compared))
            number = results.save(
                connection,
                question=question,
                basis=self._basis,
                generation=at,
                summary=summary,
                groups=stored,
            )
        held.groups.keep(groups, stored)
        return page_from(self._db, self._roots, self._arguments, number, 0)

    def _groups(
        self, library: Library, matches: list[PairMatch], stop: threading.Event
    ) -> list[FoundGroup]:
        def grouped(some: list[PairMatch], memory: GroupMemory | None = None) -> list[FoundGroup]:
            return Grouping(self._db, library, memory).groups(
                some,
                kinds=self._arguments.kinds,
                scope=self._scope,
                least=self._arguments.min_confidence or 0.0,
                stop=stop,
            )

        everything = grouped(matches, contents_of(self._db).groups)
        if self._like is None:
            return everything
        asked = library.files[self._like]
        own = [match for match in matches if asked.row.signature_id in {match.a, match.b}]
        # A file stands in one acting group only. What has no room in any, because what it matches
        # stands in another, is matched with that all the same.
        return _with(asked, everything) or _with(asked, grouped(own))

    def _matches(self, library: Library, stop: threading.Event) -> list[PairMatch]:
        """Return what the matcher says of all contents, comparing only newcomers."""
        if not {"near", "contains", "overlap", "semantic"} & set(self._arguments.kinds):
            return []
        clips = clips_of(self._db, library.files.values())
        known = pairs.compared(self._db, self._basis)
        new = [clip.key for clip in clips if clip.key not in known]
        if self._like is not None and new:
            return self._of_one(library.files[self._like], clips, known, stop)
        if new:
            self._compare(clips, new, stop)
        return contents_of(self._db).matches(self._db, self._basis)

    def _of_one(
        self,
        file: LibraryFile,
        clips: list[Clip],
        known: frozenset[int],
        stop: threading.Event,
    ) -> list[PairMatch]:
        """Return the matches of one content, and of those that it matches, so that they group.

        Quicker than bringing all pairs up to date.
        """
        key = file.row.signature_id
        if key is None or key not in {clip.key for clip in clips}:
            return []
        own = self._look_up(key, clips, stop)
        # Surest first: of a content that very many match, only some are looked up in their turn.
        films = [m.b if m.a == key else m.a for m in sorted(own, key=_surest_first)]
        for film in [film for film in films if film not in known][:MOST_MATCHED]:
            self._look_up(film, clips, stop)
        return self._matches_of({key, *films})

    def _look_up(self, key: int, clips: list[Clip], stop: threading.Event) -> list[PairMatch]:
        """Compare one content with all others, and store what was found."""
        found = self._pairs(clips, stop, like=key)
        with self._db.atomic() as connection:
            pairs.save(connection, self._basis, [key], found)
        return found

    def _matches_of(self, keys: AbstractSet[int]) -> list[PairMatch]:
        known = contents_of(self._db).matches(self._db, self._basis)
        return [match for match in known if {match.a, match.b} & keys]

    def _alike(
        self, library: Library, known: list[PairMatch], stop: threading.Event
    ) -> list[PairMatch]:
        """Return the pairs of contents that are alike in meaning and in nothing else."""
        contents = {file.row.signature_id for file in library.files.values()}
        least = self._settings.semantic_cosine
        return alike_in_meaning(self._db, contents, least, known, stop)

    def _pairs(
        self, clips: list[Clip], stop: threading.Event, like: int | None = None
    ) -> list[PairMatch]:
        return find_pairs(
            clips,
            self._thresholds,
            report=self._report,
            stop=stop,
            like=like,
            memory=contents_of(self._db).memory,
            gpu=gpu_search(self._settings),
        )

    def _compare(self, clips: list[Clip], new: list[int], stop: threading.Event) -> None:
        embedded = any(clip.embeddings is not None for clip in clips)
        if len(new) > min(A_FEW_EMBEDDED if embedded else A_FEW, FEW * len(clips)):
            found = self._pairs(clips, stop)
            with self._db.atomic() as connection:
                pairs.save(connection, self._basis, new, found)
            return
        for key in new:
            self._look_up(key, clips, stop)

    def _report(self, done: int, total: int) -> None:
        self._done, self._total = done, total

    def snapshot(self) -> FindAnswer:
        """Return what is known so far: nothing is told before it is whole."""
        return self._empty("running")

    def progress(self) -> Progress:
        """Return how many candidate pairs have been looked at."""
        return self._pace.of(
            Progress(done=self._done, total=self._total, unit="pairs", doing="comparing")
        )

    def _empty(self, status: str) -> FindAnswer:
        return FindAnswer.model_validate(
            {
                "status": status,
                "base": self._roots.shown_base,
                "totals": GroupTotals(groups=0, redundant_files=0, reclaimable_bytes=0),
                "by_kind": {},
                "coverage": Coverage(files=0, compared=0, not_comparable=0, not_ingested=0),
                "groups": (),
            }
        )


def _surest_first(match: PairMatch) -> tuple[bool, float]:
    return match.relation == "overlap", -match.confidence


def _with(file: LibraryFile, groups: list[FoundGroup]) -> list[FoundGroup]:
    return [group for group in groups if file.row.id in group.numbers]


def refuse_empty_state(db: Database) -> None:
    """Stop when no file has been ingested.

    Raises:
        NotIngestedError: The state knows no file.
    """
    if files.count(db) == 0:
        raise NotIngestedError("No video has been ingested yet; there is nothing to compare.")
