"""Plans as they are stored: what was reviewed, who agreed, and how far each action has come."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import apsw
from pydantic import JsonValue

from autodedup.engine.errors import DigestMismatchError, PlanNotFoundError
from autodedup.engine.store.database import Database, integer
from autodedup.schemas.errors import FileCode
from autodedup.schemas.plan import Action, Plan, PlanStatus, Risk
from autodedup.schemas.vocabulary import ActionKind, PlanId

ActionState = Literal["planned", "done", "skipped", "failed", "undone"]


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What is known of a plan beside its actions. `extra` is what the planner kept with it.

    `sums` are files and bytes by action and `freed` what doing them all frees; None and 0 for a
    plan of an older version, which kept none.
    """

    id: int
    digest: str
    status: PlanStatus
    risks: tuple[Risk, ...]
    extra: dict[str, JsonValue]
    sums: dict[ActionKind, tuple[int, int]] | None
    freed: int
    actions: int
    approved_digest: str | None

    @property
    def name(self) -> PlanId:
        """Return the id by which clients know it."""
        return f"p{self.id}"

    @property
    def approved(self) -> bool:
        """Return whether a person agreed to exactly these actions."""
        return self.approved_digest == self.digest


@dataclass(frozen=True, slots=True)
class ActionRow:
    """An action and its state: `code` and `detail` say why it is skipped or failed."""

    action: Action
    state: ActionState
    code: FileCode | None
    detail: str | None
    freed: int


@dataclass(frozen=True, slots=True)
class Mark:
    """How far one action has come; `code` and `detail` say why it is skipped or failed."""

    n: int
    state: ActionState
    code: FileCode | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class Sums:
    """How many actions of a plan are in each state, and the bytes that were given back."""

    states: dict[ActionState, int]
    freed: int

    def count(self, state: ActionState) -> int:
        """Return how many actions are in this state."""
        return self.states.get(state, 0)


def save(
    db: Database,
    actions: tuple[Action, ...],
    risks: tuple[Risk, ...] = (),
    extra: dict[str, JsonValue] | None = None,
) -> PlanRow:
    """Store a plan and return its row; the same actions, still untouched, are the same plan."""
    # The id is no part of the digest, so any valid one will do to compute it.
    digest = Plan(id="p1", actions=actions, risks=risks).digest
    kept = {"risks": [risk.model_dump() for risk in risks], "extra": extra or {}}
    sums, freed = sums_of(actions)
    body = json.dumps({**kept, "sums": sums, "freed": freed})
    with db.atomic() as connection:
        number = integer(
            connection,
            "SELECT id FROM plans WHERE digest = ? AND status = 'planned' ORDER BY id DESC",
            (digest,),
        )
        if not number:
            connection.execute(
                "INSERT INTO plans (digest, status, body, made_at) VALUES (?, 'planned', ?, ?)",
                (digest, body, time.time()),
            )
            number = connection.last_insert_rowid()
            connection.executemany(
                "INSERT INTO actions (plan_id, n, body) VALUES (?, ?, ?)",
                [(number, action.n, _text(action)) for action in actions],
            )
        return find(db, number)


def sums_of(actions: Sequence[Action]) -> tuple[dict[ActionKind, tuple[int, int]], int]:
    """Return files and bytes by action, and what all of them free: what every page tells."""
    sums: dict[ActionKind, tuple[int, int]] = {}
    for action in actions:
        files, size = sums.get(action.action, (0, 0))
        sums[action.action] = (files + 1, size + action.victim.size)
    return sums, sum(action.frees for action in actions)


def find(db: Database, number: int) -> PlanRow:
    """Return what is known of a plan.

    Raises:
        PlanNotFoundError: There is no plan of this number.
    """
    with db.read() as connection:
        row = connection.execute(
            "SELECT digest, status, body, approved_digest, "
            "(SELECT count(*) FROM actions WHERE plan_id = plans.id) FROM plans WHERE id = ?",
            (number,),
        ).fetchone()
        newest = None if row else connection.execute("SELECT max(id) FROM plans").fetchone()
    if row is None:
        raise _not_found(number, newest)
    digest, status, body, approved, actions = row
    kept = json.loads(str(body))
    sums = kept.get("sums")
    return PlanRow(
        id=number,
        digest=str(digest),
        status=cast("PlanStatus", status),
        risks=tuple(Risk.model_validate(risk) for risk in kept["risks"]),
        extra=kept["extra"],
        sums=None
        if sums is None
        else {kind: (files, size) for kind, (files, size) in sums.items()},
        freed=kept.get("freed", 0),
        actions=cast("int", actions),
        approved_digest=cast("str | None", approved),
    )


def _not_found(number: int, newest: tuple[object, ...] | None) -> PlanNotFoundError:
    """Name the newest plan too: an agent that made an id up is most likely after that one."""
    last = None if newest is None or newest[0] is None else f"p{newest[0]}"
    return PlanNotFoundError(
        f"There is no plan p{number}; {f'the newest is {last}' if last else 'none was made yet'}. "
        "Nothing was done.",
        details=None if last is None else {"newest": last},
    )


def load(db: Database, number: int) -> Plan:
    """Return a whole plan, ready to be applied.

    Raises:
        PlanNotFoundError: There is no plan of this number.
    """
    row = find(db, number)
    actions = tuple(item.action for item in actions_of(db, number))
    return Plan(id=row.name, actions=actions, risks=row.risks)


def actions_of(
    db: Database, number: int, *, after: int = 0, limit: int | None = None
) -> tuple[ActionRow, ...]:
    """Return a page of a plan's actions, in order: those numbered above `after`."""
    with db.read() as connection:
        rows = connection.execute(
            "SELECT body, state, code, detail, freed FROM actions "
            "WHERE plan_id = ? AND n > ? ORDER BY n LIMIT ?",
            (number, after, -1 if limit is None else limit),
        )
        return tuple(
            ActionRow(
                action=Action.model_validate(json.loads(str(body))),
                state=cast("ActionState", state),
                code=cast("FileCode | None", code),
                detail=cast("str | None", detail),
                freed=cast("int", freed),
            )
            for body, state, code, detail, freed in rows
        )


def marks_of(db: Database, number: int) -> tuple[Mark, ...]:
    """Return how far every action of a plan has come, in order, without reading the actions."""
    with db.read() as connection:
        rows = connection.execute(
            "SELECT n, state, code, detail FROM actions WHERE plan_id = ? ORDER BY n", (number,)
        )
        return tuple(
            Mark(
                cast("int", n),
                cast("ActionState", state),
                cast("FileCode | None", code),
                cast("str | None", detail),
            )
            for n, state, code, detail in rows
        )


def sums_so_far(db: Database, number: int) -> Sums:
    """Return how far a plan has come as a whole: quick, so that anyone may ask at any time."""
    with db.read() as connection:
        rows = connection.execute(
            "SELECT state, count(*), sum(freed) FROM actions WHERE plan_id = ? GROUP BY state",
            (number,),
        ).fetchall()
    states = {cast("ActionState", state): cast("int", count) for state, count, _ in rows}
    return Sums(states, sum(cast("int", freed) for _, _, freed in rows))


def interrupted(db: Database) -> tuple[int, ...]:
    """Return the plans that are marked as being applied."""
    with db.read() as connection:
        rows = connection.execute("SELECT id FROM plans WHERE status = 'applying' ORDER BY id")
        return tuple(cast("int", number) for (number,) in rows)


def set_status(db: Database, number: int, status: PlanStatus) -> None:
    """Record how far a plan has come as a whole."""
    with db.atomic() as connection:
        connection.execute("UPDATE plans SET status = ? WHERE id = ?", (status, number))


def set_action(
    connection: apsw.Connection,
    number: int,
    n: int,
    state: ActionState,
    *,
    code: FileCode | None = None,
    detail: str | None = None,
    freed: int = 0,
) -> None:
    """Record how far one action has come; it gives back nothing once it is undone."""
    connection.execute(
        "UPDATE actions SET state = ?, code = ?, detail = ?, freed = ? WHERE plan_id = ? AND n = ?",
        (state, code, detail, freed, number, n),
    )


def approve(db: Database, number: int, digest: str) -> None:
    """Record that a person agreed to exactly what this digest stands for.

    Raises:
        PlanNotFoundError: There is no plan of this number.
        DigestMismatchError: The plan is not what the person was shown.
    """
    row = find(db, number)
    if row.digest != digest:
        raise DigestMismatchError(f"{row.name} is not what was shown; it was not approved.")
    with db.atomic() as connection:
        connection.execute(
            "UPDATE plans SET approved_digest = ?, approved_at = ? WHERE id = ?",
            (digest, time.time(), number),
        )


def _text(action: Action) -> str:
    # ASCII only: names hold lone surrogates (PEP 383), which pydantic's JSON and SQLite do not.
    return json.dumps(action.model_dump(mode="python"))
