"""After a crash: every step whose outcome is not known is finished or rolled back, by the disk."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from autodedup.engine.apply.crashed_moves import after_copy, after_move, after_remove
from autodedup.engine.apply.crashed_swap import after_swap
from autodedup.engine.apply.errand import remove_empty_folders, unfinished
from autodedup.engine.apply.places import Places
from autodedup.engine.apply.verdict import Verdict
from autodedup.engine.errors import FileError, PathNotFoundError
from autodedup.engine.names import shown
from autodedup.engine.store import fates, journal, plans
from autodedup.engine.store.database import Database
from autodedup.engine.store.journal import Entry, Operation, Outcome, Report
from autodedup.schemas.vocabulary import FileId, PlanId

_AFTER: dict[Operation, Callable[[Places, Entry], Verdict]] = {
    "move": after_move,
    "copy": after_copy,
    "swap": after_swap,
    "remove": after_remove,
}


@dataclass(frozen=True, slots=True)
class Recovered:
    """What became of one interrupted step; `path` is safe to show."""

    plan: PlanId
    n: int
    file: FileId
    path: str
    outcome: Outcome
    why: str


def recover(db: Database, roots: Mapping[int, Path]) -> tuple[Recovered, ...]:
    """End every open step and say how; steps that were rolled back may be taken anew.

    The caller holds the lease on the library. Interrupted again, it goes on where it was.

    Raises:
        ApplyUnfinishedError: The disk does not show enough: a root is not mounted, or refuses.
    """
    places = Places(roots)
    entries = journal.open_entries(db)
    recovered = tuple(_settle(db, places, entry) for entry in entries)
    for number in plans.interrupted(db):
        states = {row.state for row in plans.actions_of(db, number)}
        plans.set_status(db, number, "applied" if states <= {"done"} else "partial")
    return recovered


def _settle(db: Database, places: Places, entry: Entry) -> Recovered:
    intent = entry.intent
    try:
        verdict = _AFTER[intent.operation](places, entry)
        if verdict.outcome != "done" and intent.target is not None:
            remove_empty_folders(places, intent.target.root, intent.makes)
    except (OSError, FileError, PathNotFoundError) as error:
        unfinished(entry, error)
    report = Report(
        f"recovered, {places.means}",
        lies=verdict.lies,
        landed=verdict.landed,
        made=intent.makes if verdict.outcome == "done" else (),
        why=verdict.why,
    )
    if verdict.outcome == "done":
        fates.record_done(db, entry, report)
    else:
        fates.record_not_done(db, entry, verdict.outcome, report)
    return Recovered(
        plan=f"p{entry.plan}",
        n=entry.n,
        file=intent.file,
        path=shown(intent.source.path),
        outcome=verdict.outcome,
        why=verdict.why,
    )
