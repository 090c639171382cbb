"""What two files are to each other, from the state alone; newcomers are compared on the spot."""

import threading
from dataclasses import dataclass

from autodedup.engine.comparing.facing import Facing
from autodedup.engine.finding.basis import basis_of, thresholds_of
from autodedup.engine.finding.contents import clips_of
from autodedup.engine.finding.evidence import evidence_of
from autodedup.engine.library import LibraryFile
from autodedup.engine.match.find import find_pairs
from autodedup.engine.match.model import PairMatch
from autodedup.engine.settings import Settings
from autodedup.engine.store import pairs
from autodedup.engine.store.database import Database
from autodedup.schemas.evidence import Evidence
from autodedup.schemas.vocabulary import Kind


@dataclass(frozen=True, slots=True)
class Claim:
    """What a file is to another, why, and where they face each other.

    `relation` is None where nothing links them: the files then face each other from their
    first pictures on. `view` is the look under which pictures were compared, if they were.
    """

    relation: Kind | None
    confidence: float | None
    evidence: Evidence
    facing: Facing
    view: str | None


class Claims:
    """Says what files are to each other on one basis, and on the usual one where that is silent.

    With `known_only` nothing is compared that was not compared before.
    """

    def __init__(
        self,
        db: Database,
        settings: Settings,
        basis: str | None = None,
        *,
        known_only: bool = False,
    ) -> None:
        self._db = db
        self._known_only = known_only
        self._thresholds = thresholds_of(settings, "balanced")
        self._bases = tuple(dict.fromkeys(filter(None, (basis, basis_of(self._thresholds)))))

    def of(self, file: LibraryFile, against: LibraryFile, stop: threading.Event) -> Claim:
        """Return what a file is to another.

        Raises:
            CancelledError: `stop` was set.
        """
        seconds = min(_seconds(file), _seconds(against))
        if file.row.sha256 is not None and file.row.sha256 == against.row.sha256:
            evidence = evidence_of(file, against, None)
            return Claim("exact", 1.0, evidence, Facing.from_the_start(seconds), "full")
        match = self._match(file, against, stop)
        evidence = evidence_of(file, against, match)
        facing = Facing.from_the_start(seconds)
        if match is not None and match.segments and file.row.signature_id is not None:
            facing = Facing.of_match(match, file.row.signature_id)
        if _same_stream(file, against):
            return Claim("same_stream", 1.0, evidence, facing, "full")
        if match is None:
            return Claim(None, None, evidence, facing, None)
        return Claim(match.relation, round(match.confidence, 3), evidence, facing, match.view)

    def contains(self, film: LibraryFile, clip: LibraryFile, stop: threading.Event) -> bool:
        """Return whether the whole of a clip is a part of a film."""
        match = self._match(film, clip, stop)
        return match is not None and match.inner == clip.row.signature_id

    def _match(
        self, one: LibraryFile, other: LibraryFile, stop: threading.Event
    ) -> PairMatch | None:
        mine, its = one.row.signature_id, other.row.signature_id
        if mine is None or its is None or mine == its:
            return None
        for basis in self._bases:
            known = pairs.between(self._db, basis, mine, its)
            if known is not None:
                return known
        if self._known_only or {mine, its} <= pairs.compared(self._db, self._bases[-1]):
            return None
        clips = clips_of(self._db, (one, other))
        found = find_pairs(clips, self._thresholds, report=_unheard, stop=stop)
        return found[0] if found else None


def _same_stream(file: LibraryFile, against: LibraryFile) -> bool:
    its, kept = file.signature, against.signature
    return (
        its is not None
        and kept is not None
        and its.stream_hash is not None
        and its.stream_hash == kept.stream_hash
    )


def _seconds(file: LibraryFile) -> float:
    return 0.0 if file.signature is None else file.signature.seconds


def _unheard(_done: int, _total: int) -> None:
    """Two films are compared at once; there is nothing to tell on the way."""
