"""What the page says of a stored plan: its largest groups, as many as a page can hold."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from autodedup.engine.finding.evidence import group_file
from autodedup.engine.library import LibraryFile
from autodedup.engine.planning.risks import MEANINGS
from autodedup.engine.report.page import FileCard, GroupCard, PlanPage
from autodedup.engine.report.pictures import pictures
from autodedup.engine.roots import Roots
from autodedup.engine.settings import Settings
from autodedup.engine.store import results
from autodedup.engine.store.database import Database
from autodedup.engine.store.plans import ActionRow, PlanRow
from autodedup.schemas.find_duplicates import Group
from autodedup.schemas.plan import Witness
from autodedup.schemas.vocabulary import ActionKind, Kind

MOST_GROUPS = 500
MOST_OTHERS = 200
MOST_FILES = 8  # of one group
PICTURED_GROUPS = 60
PATIENCE_S = 25.0  # for pictures: a client may give a call up after a minute
MOST_PICTURE_BYTES = 6_000_000


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A plan and all its actions, in order."""

    row: PlanRow
    actions: Sequence[ActionRow]


def contents(
    db: Database,
    roots: Roots,
    settings: Settings,
    plan: StoredPlan,
    files: Mapping[int, LibraryFile],
) -> PlanPage:
    """Return what the page of a plan says."""
    row, actions = plan.row, plan.actions
    by_group: dict[str, list[ActionRow]] = defaultdict(list)
    for item in actions:
        by_group[item.action.group or ""].append(item)
    others = by_group.pop("", [])
    largest = sorted(by_group, key=lambda g: -sum(item.action.frees for item in by_group[g]))
    shown = largest[:MOST_GROUPS]
    telling = _Telling(db, roots, files)
    seen = pictures(
        db,
        roots,
        settings,
        [(group, telling.present(by_group[group])) for group in shown[:PICTURED_GROUPS]],
        patience_s=PATIENCE_S,
        most_bytes=MOST_PICTURE_BYTES,
    )
    left_out = []
    if len(largest) > len(shown):
        rest = sum(len(by_group[group]) for group in largest[MOST_GROUPS:])
        left_out.append(
            f"The {len(shown):,} groups that free most are shown; {len(largest) - len(shown):,} "
            f"more with {rest:,} actions are in the plan: plan_actions(plan='{row.name}')."
        )
    if len(others) > MOST_OTHERS:
        left_out.append(f"{len(others) - MOST_OTHERS:,} further files of no group are not shown.")
    bare = max(0, len(shown) - PICTURED_GROUPS) + seen.waiting
    if bare:
        left_out.append(f"{bare:,} groups are shown without pictures, to bound time and size.")
    return PlanPage(
        plan=row.name,
        digest=row.digest,
        status=row.status,
        base=roots.shown_base,
        asked=_asked(row),
        summary=_summary(actions),
        freed=sum(item.action.frees for item in actions),
        risks=tuple(
            (
                risk.code,
                next((said for code, said in MEANINGS.items() if code == risk.code), ""),
                len(risk.files),
            )
            for risk in row.risks
        ),
        groups=tuple(telling.group(group, by_group[group], seen.of_file) for group in shown),
        others=tuple(telling.file(item, None, {}) for item in others[:MOST_OTHERS]),
        left_out=tuple(left_out),
    )


def _asked(row: PlanRow) -> dict[str, JsonValue]:
    asked = row.extra.get("asked")
    return asked if isinstance(asked, dict) else {}


def _summary(actions: Sequence[ActionRow]) -> dict[ActionKind, tuple[int, int]]:
    sizes: dict[ActionKind, list[int]] = defaultdict(list)
    for item in actions:
        sizes[item.action.action].append(item.action.victim.size)
    return {kind: (len(found), sum(found)) for kind, found in sizes.items()}


class _Telling:
    def __init__(self, db: Database, roots: Roots, files: Mapping[int, LibraryFile]) -> None:
        self._db, self._roots, self._files = db, roots, files

    def present(self, items: Sequence[ActionRow]) -> list[LibraryFile]:
        """Return the files of a group that are there, the kept one first."""
        witnesses = [kept] if (kept := _kept(items)) is not None else []
        witnesses += [item.action.victim for item in items]
        found = {w.file: self._files.get(int(w.file[1:])) for w in witnesses}
        return [file for file in found.values() if file is not None]

    def group(
        self, group_id: str, items: Sequence[ActionRow], seen: Mapping[int, tuple[bytes, ...]]
    ) -> GroupCard:
        stored = results.group(self._db, int(group_id[1:]))
        found = None if stored is None else stored[0]
        kept = _kept(items)
        cards = [] if kept is None else [self._card(kept, "keep", seen)]
        told = [item for item in items if kept is None or item.action.victim.file != kept.file]
        cards += [self.file(item, found, seen) for item in told[: MOST_FILES - 1]]
        why = "it is the best copy by the rules of this plan"
        if found is not None and kept is not None and found.keep == kept.file:
            why = found.why_keep
        return GroupCard(
            id=group_id,
            kind=_kind(found, items),
            why_keep=why,
            frees=sum(item.action.frees for item in items),
            files=tuple(cards),
            more=max(0, len(told) - MOST_FILES + 1),
        )

    def file(
        self, item: ActionRow, group: Group | None, seen: Mapping[int, tuple[bytes, ...]]
    ) -> FileCard:
        action = item.action
        sure = None
        if group is not None and action.keeper is not None and action.keeper.file == group.keep:
            sure = next((f.confidence for f in group.files if f.id == action.victim.file), None)
        card = self._card(action.victim, action.action, seen)
        to = None if action.to is None else self._roots.shown(action.victim.root, action.to)
        return FileCard(
            id=card.id,
            path=card.path,
            facts=card.facts,
            pictures=card.pictures,
            action=action.action,
            because=action.because,
            n=action.n,
            to=to,
            relation=action.relation,
            confidence=sure,
            done=None if item.state == "planned" else f"It is {item.state}",
            code=item.code,
        )

    def _card(
        self, witness: Witness, action: ActionKind, seen: Mapping[int, tuple[bytes, ...]]
    ) -> FileCard:
        number = int(witness.file[1:])
        file = self._files.get(number)
        return FileCard(
            id=witness.file,
            path=self._roots.shown(witness.root, witness.path),
            facts=f"{witness.size:,} bytes" if file is None else _facts(file),
            action=action,
            because="",
            pictures=seen.get(number, ()),
        )


def _kept(items: Sequence[ActionRow]) -> Witness | None:
    return next((item.action.keeper for item in items if item.action.keeper is not None), None)


def _kind(group: Group | None, items: Sequence[ActionRow]) -> Kind:
    told = next((item.action.relation for item in items if item.action.relation), None)
    return group.kind if group is not None else told or "near"


def _facts(file: LibraryFile) -> str:
    told = group_file(file)
    minutes, seconds = divmod(told.seconds or 0.0, 60)
    parts = (
        f"{(told.bytes or 0) / 1e6:,.1f} MB",
        f"{int(minutes)}:{seconds:04.1f}" if told.seconds is not None else "",
        f"{told.width}x{told.height}" if told.width else "",
        told.codec or "",
        f"{told.kbps:,} kb/s" if told.kbps else "",
    )
    return " · ".join(part for part in parts if part)
