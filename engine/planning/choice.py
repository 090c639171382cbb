"""Which groups a plan is made for, judged anew by the plan's own rules, choices and exceptions.

A plan may choose another keeper than the result did. A file may be let go only if it matches the
chosen keeper directly; the others of its group are left alone, and the plan says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from autodedup.engine.errors import InvalidArgumentError, NotIngestedError, UnknownIdError
from autodedup.engine.finding.found import FoundGroup
from autodedup.engine.finding.grouping import CHOSEN, Grouping
from autodedup.engine.library import Library, LibraryFile
from autodedup.engine.planning.judged import JudgedGroup, Member, Twin
from autodedup.engine.store import results
from autodedup.engine.store.database import Database
from autodedup.schemas.find_duplicates import Group
from autodedup.schemas.find_duplicates import Twin as ToldTwin
from autodedup.schemas.plan_actions import PlanArguments
from autodedup.schemas.vocabulary import ACTING_KINDS

ALL = 1_000_000  # more groups than a result can hold
StoredGroup = tuple[Group, str]  # with the name of the pairs it rests on; see `store.pairs`


def chosen_groups(db: Database, arguments: PlanArguments) -> list[StoredGroup]:
    """Return the groups as they were found, each with the basis of its result.

    Raises:
        NotIngestedError: There is no result to plan from.
        UnknownIdError: No such result or group.
    """
    if arguments.groups is not None:
        return [_group(db, group_id) for group_id in dict.fromkeys(arguments.groups)]
    if arguments.result is None:
        row = results.newest(db)
        if row is None:
            raise NotIngestedError(
                "There is no result to plan from.", hint="Call ingest and find_duplicates first."
            )
    else:
        row = results.get(db, int(arguments.result[1:]))
        if row is None:
            raise UnknownIdError(
                f"There is no result {arguments.result}; older ones are forgotten.",
                hint="Call find_duplicates again and use the result it returns.",
                details={"result": arguments.result},
            )
    found = results.page(db, row.id, 0, ALL)
    # What only overlaps, or is alike in meaning, is acted upon only when asked for by group id.
    return [(group, row.basis) for group in found if group.kind in ACTING_KINDS]


def _group(db: Database, group_id: str) -> StoredGroup:
    found = results.group(db, int(group_id[1:]))
    if found is None:
        raise UnknownIdError(f"There is no group {group_id}.", details={"group": group_id})
    return found


class Judge:
    """Looks at groups again by the rules of one plan."""

    def __init__(self, db: Database, library: Library, arguments: PlanArguments) -> None:
        self._grouping = Grouping(db, library)
        self._arguments = arguments
        self._files = _with_protection(library, arguments.protect or ())
        self._excluded = library.under(arguments.exclude or ())
        self._keepers = {
            group_id: library.named(ref).row.id
            for group_id, ref in (arguments.overrides or {}).items()
        }

    def judged(self, groups: Sequence[StoredGroup]) -> list[JudgedGroup]:
        """Return what there is to decide, leaving out groups in which nothing is redundant.

        Raises:
            InvalidArgumentError: An override names a group or a file that is not there.
        """
        unknown = sorted(set(self._keepers) - {group.id for group, _ in groups})
        if unknown:
            raise InvalidArgumentError(
                f"overrides names {', '.join(unknown)}, which this plan does not cover.",
                hint="Pass the result whose answer listed that group, or find_duplicates again.",
                details={"argument": "overrides"},
            )
        seen: set[int] = set()
        return [made for group, basis in groups for made in self._judge(group, basis, seen)]

    def _judge(self, group: Group, basis: str, seen: set[int]) -> list[JudgedGroup]:
        numbers = [int(file.id[1:]) for file in group.files]
        present = [
            self._files[number]
            for number in numbers
            if number in self._files and number not in self._excluded and number not in seen
        ]
        forced = self._keepers.get(group.id)
        if forced is not None and forced not in {file.row.id for file in present}:
            raise InvalidArgumentError(
                f"overrides keeps f{forced} for {group.id}, but it is not a file of that group.",
                details={"argument": "overrides"},
            )
        found = self._grouping.judged_again(
            present, group, basis, keep=self._arguments.keep, forced=forced
        )
        if forced is not None and not found:
            keeper = self._files[forced]
            others = tuple(file for file in present if file.row.id != forced)
            return [JudgedGroup(group.id, keeper, CHOSEN, (), others, chosen=True)]
        seen.update(number for made in found for number in made.numbers)
        return [_told(group, made, None if forced is None else present) for made in found]


def _told(group: Group, found: FoundGroup, beside: Sequence[LibraryFile] | None) -> JudgedGroup:
    """Return a group as it is judged; `beside` are the files of it, where its keeper was chosen."""
    of_id = {member.file.id: member.file for member in found.members}
    matched = {found.keeper.row.id, *(member.file.row.id for member in found.members)}
    return JudgedGroup(
        id=group.id,
        keeper=found.keeper,
        why_keep=found.why_keep,
        members=tuple(
            Member(
                m.file,
                m.relation,
                m.confidence,
                m.evidence.view,
                _twin(m.twin, of_id),
                lacking=m.lacking,
            )
            for m in found.members
        ),
        unmatched=tuple(file for file in beside or () if file.row.id not in matched),
        chosen=beside is not None,
    )


def _twin(told: ToldTwin | None, of_id: Mapping[str, LibraryFile]) -> Twin | None:
    """Return the twin, unless it has left the group since, or this plan leaves it out."""
    if told is None or told.file not in of_id:
        return None
    return Twin(of_id[told.file], told.relation, told.confidence)


def _with_protection(library: Library, refs: Sequence[str]) -> dict[int, LibraryFile]:
    protected = library.under(refs)
    return {
        number: replace(file, protected=True) if number in protected else file
        for number, file in library.files.items()
    }
