"""Emptying the trash: a person's act, never an agent's, and only of what we ourselves put there.

A file leaves the trash for good only while a copy that was kept for it still stands.
"""

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autodedup.engine.apply.carry_out import refuse_while_unfinished
from autodedup.engine.apply.errand import Errand, tidy_above
from autodedup.engine.apply.places import Places
from autodedup.engine.apply.remove import remove
from autodedup.engine.apply.witness import is_same, look_at
from autodedup.engine.errors import FileError
from autodedup.engine.names import shown
from autodedup.engine.store import files, journal, plans
from autodedup.engine.store.database import Database
from autodedup.engine.store.files import GONE
from autodedup.engine.store.journal import Entry, Identity, Spot
from autodedup.schemas.errors import FileCode
from autodedup.schemas.vocabulary import FileId, PlanId

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file in the trash that is old enough. `path` says where it lies, safe to show."""

    entry: Entry
    plan: PlanId
    file: FileId
    path: str
    bytes: int
    trashed_at: float


@dataclass(frozen=True, slots=True)
class Left:
    """A file that stays in the trash, and why."""

    path: str
    code: FileCode
    detail: str


@dataclass(frozen=True, slots=True)
class PurgeReport:
    """What was removed for good, and what was left."""

    removed: int
    bytes_freed: int
    left: tuple[Left, ...]


def candidates(
    db: Database, *, older_than_days: float, now: float | None = None
) -> tuple[Candidate, ...]:
    """List what a purge would remove, the oldest first. Nothing is touched.

    `now` is in seconds since 1970, by default the clock's.

    Raises:
        ApplyUnfinishedError: A step is open; recover first.
    """
    refuse_while_unfinished(db)
    instant = (time.time() if now is None else now) - older_than_days * _DAY_S
    standing = journal.standing_entries(db, "trash", before=instant)
    return tuple(_candidate(entry) for entry in standing)


def purge(
    db: Database, roots: Mapping[int, Path], chosen: Iterable[Candidate], *, stop: threading.Event
) -> PurgeReport:
    """Remove these files for good. The caller holds the lease and has asked a person.

    Raises:
        ApplyUnfinishedError: A step is open; recover first.
    """
    refuse_while_unfinished(db)
    places, made = Places(roots), journal.folders_made(db)
    removed, freed, left = 0, 0, list[Left]()
    for candidate in chosen:
        if stop.is_set():
            break
        try:
            freed += _purge_one(db, places, candidate, stop)
            tidy_above(places, _lies(candidate.entry)[0], made)
        except FileError as error:
            left.append(Left(candidate.path, error.code, error.detail))
        else:
            removed += 1
    return PurgeReport(removed, freed, tuple(left))


def _candidate(entry: Entry) -> Candidate:
    spot, landed = _lies(entry)
    return Candidate(
        entry=entry,
        plan=f"p{entry.plan}",
        file=entry.intent.file,
        path=shown(spot.path),
        bytes=landed.size,
        trashed_at=entry.ended_at or 0.0,
    )


def _lies(entry: Entry) -> tuple[Spot, Identity]:
    report = entry.report
    if report is None or report.lies is None or report.landed is None:
        raise ValueError("a finished move says where its file lies")
    return report.lies, report.landed


def _purge_one(db: Database, places: Places, candidate: Candidate, stop: threading.Event) -> int:
    entry = candidate.entry
    spot, landed = _lies(entry)
    _confirm_copy_stands(db, places, entry)
    with look_at(places, spot, None) as file:
        if not is_same(places.look(spot), landed):
            detail = f"{candidate.path} is not the file that was put there. It was left alone."
            raise FileError("FILE_CHANGED", detail)
        freed = landed.size if file.names == 1 else 0
        errand = Errand(db, places, entry.plan, entry.n, "purge", "delete", candidate.file, stop)
        remove(errand, file, keeper=None, freed=freed)
    return freed


def _confirm_copy_stands(db: Database, places: Places, entry: Entry) -> None:
    """Stop unless the copy that was kept, or the one kept for that in turn, is on the disk.

    Raises:
        FileError: None is there as the database knows it: this may be the last copy.
    """
    asked: set[str] = set()
    keeper = _keeper(db, entry.plan, entry.n)
    while keeper is not None and keeper not in asked:
        asked.add(keeper)
        row = files.by_ids(db, [int(keeper[1:])]).get(int(keeper[1:]))
        if row is None:
            break
        if row.status not in GONE:
            stat = row.stat
            known = Identity(stat.device, stat.inode, stat.size, stat.mtime_ns)
            if is_same(places.look(Spot(row.root_id, row.path)), known):
                return
            break
        keeper = _kept_for(db, keeper)
    raise FileError(
        "KEEPER_VANISHED",
        f"The copy that was kept for {shown(entry.intent.source.path)} is not where it was; this "
        "may be the last one. It stays in the trash. Ingest again if the copy was moved.",
    )


def _keeper(db: Database, plan: int, n: int) -> str | None:
    rows = plans.actions_of(db, plan, after=n - 1, limit=1)
    keeper = rows[0].action.keeper if rows else None
    return None if keeper is None else keeper.file


def _kept_for(db: Database, file: str) -> str | None:
    """Return the keeper of the step that last took a file away."""
    step = journal.last_done_of(db, file)
    return None if step is None else _keeper(db, step.plan, step.n)
