"""One action of a plan: look again at the file and at its keeper, then take the step it names."""

from contextlib import AbstractContextManager, nullcontext

from autodedup.engine.apply.errand import Errand
from autodedup.engine.apply.faults import refused
from autodedup.engine.apply.relocate import relocate
from autodedup.engine.apply.remove import remove
from autodedup.engine.apply.replace import replace_by_link
from autodedup.engine.apply.witness import (
    Sighting,
    confirm_same_bytes,
    look_at,
    promised,
    spot_of,
)
from autodedup.engine.errors import FileError
from autodedup.engine.managed import QUARANTINE, TRASH
from autodedup.engine.names import shown
from autodedup.engine.store import plans
from autodedup.engine.store.journal import Spot
from autodedup.schemas.plan import Action
from autodedup.schemas.vocabulary import ActionKind

_SHELVES: dict[ActionKind, str] = {"trash": TRASH, "quarantine": QUARANTINE}
_LINKS: frozenset[ActionKind] = frozenset({"hardlink", "reflink", "symlink"})


def take_step(errand: Errand, action: Action) -> None:
    """Do what an action says, or leave its file alone.

    Raises:
        FileError: It was left alone, or put back; the code says why.
        CancelledError: The errand was stopped before the file was touched.
        ApplyUnfinishedError: The disk failed in mid-step; recovery will decide.
    """
    if action.action == "keep":
        with errand.db.atomic() as connection:
            plans.set_action(connection, errand.plan, errand.n, "done")
        return
    try:
        with (
            look_at(errand.places, spot_of(action.victim), promised(action.victim)) as victim,
            _keeper_of(errand, action) as keeper,
        ):
            if keeper is not None:
                _confirm_two_copies(errand, action, victim, keeper)
            _act(errand, action, victim, keeper)
    except OSError as error:
        # Only looking raises bare: every step ends its own entry in the journal.
        raise refused(error, doing=f"{shown(action.victim.path)} cannot be read") from error


def destination(action: Action) -> Spot:
    """Return where an action means to put its file: by default a shelf that keeps the path."""
    shelf = _SHELVES.get(action.action)
    path = action.to or (f"{shelf}/{action.victim.path}" if shelf else action.victim.path)
    return Spot(action.victim.root, path)


def _keeper_of(errand: Errand, action: Action) -> AbstractContextManager[Sighting | None]:
    keeper = action.keeper
    if keeper is None:
        return nullcontext()
    return look_at(errand.places, spot_of(keeper), promised(keeper), role="keeper")


def _confirm_two_copies(errand: Errand, action: Action, victim: Sighting, keeper: Sighting) -> None:
    """Stop unless the keeper is a copy of its own, and for exact copies the same to the byte.

    Two names of one file (hard links) pass: taking one away frees nothing and loses nothing,
    because the other stays. One name reached by two paths does not: it is the last copy.
    """
    if (victim.seen.device, victim.seen.inode) == (keeper.seen.device, keeper.seen.inode):
        if victim.names < 2:  # noqa: PLR2004
            raise FileError(
                "PROTECTED",
                f"{shown(victim.spot.path)} and {shown(keeper.spot.path)} are one file reached "
                "by two paths; it is the only copy and was left alone.",
            )
        return
    if action.relation == "exact" or action.action in _LINKS:
        confirm_same_bytes(victim, keeper, errand.stop)
        victim.confirm(victim.seen)
        keeper.confirm(keeper.seen)


def _act(errand: Errand, action: Action, victim: Sighting, keeper: Sighting | None) -> None:
    # A file with other names keeps its blocks: taking this name away gives nothing back.
    freed = action.frees if victim.names == 1 else 0
    if action.action == "delete":
        remove(errand, victim, keeper=keeper, freed=freed)
    elif action.action in _LINKS:
        if keeper is None:
            raise ValueError(f"{action.action} needs the copy that stays; the plan checks this")
        replace_by_link(errand, victim, keeper, freed=freed)
    else:
        relocate(errand, victim, destination(action), keeper=keeper, freed=freed)
