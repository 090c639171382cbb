"""From groups and a policy to the list of what will happen to each file. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from autodedup.engine.finding.found import Lack
from autodedup.engine.library import LibraryFile
from autodedup.engine.managed import ORGANIZED, QUARANTINE, TRASH
from autodedup.engine.planning.judged import JudgedGroup, Member
from autodedup.engine.planning.shelves import shelf_of
from autodedup.schemas.plan import Action
from autodedup.schemas.plan_actions import Policy
from autodedup.schemas.vocabulary import ActionKind, Kind

_BECAUSE: dict[Kind, str] = {
    "exact": "same bytes as {keeper}",
    "same_stream": "same encoded streams as {keeper}",
    "near": "same content as {keeper}, {sure}",
    "contains": "the whole of it is a part of {keeper}, {sure}",
    "overlap": "shares some seconds with {keeper}; asked for by group id",
    "semantic": "alike in meaning to {keeper}",
}

_LACKING: dict[Lack, str] = {
    "picture": "which is a crop of it",
    "other": "which it shows within another film",
    "inset": "which shows it within another film",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """An action before it has its number."""

    action: ActionKind
    victim: LibraryFile
    because: str
    keeper: LibraryFile | None = None
    relation: Kind | None = None
    group: str | None = None
    to: str | None = None
    frees: int = 0


def of_groups(groups: Iterable[JudgedGroup], policy: Policy) -> Iterator[Draft]:
    """Yield what happens to the redundant files; keepers are not mentioned."""
    for group in groups:
        for member in group.members:
            yield _of_member(group, member, policy)
        for file in group.unmatched:
            because = f"does not match {group.keeper.id} directly"
            yield Draft("keep", file, because, group.keeper, None, group.id)


def _of_member(group: JudgedGroup, member: Member, policy: Policy) -> Draft:
    """Decide about one file: towards the keeper, or towards its twin where parts are kept."""
    towards_keeper = _towards(group.keeper, group, member, policy)
    twin = member.twin
    if towards_keeper.action != "keep" or twin is None or member.file.protected:
        return towards_keeper
    as_copy = Member(member.file, twin.relation, twin.confidence, member.view)
    return _towards(twin.file, group, as_copy, policy)


def _towards(stays: LibraryFile, group: JudgedGroup, member: Member, policy: Policy) -> Draft:
    file, relation = member.file, member.relation
    wanted = _wanted(relation, policy)
    because = _BECAUSE[relation].format(keeper=stays.id, sure=f"{member.confidence:.0%} sure")
    if file.protected:
        return Draft("keep", file, f"protected; {because}", stays, relation, group.id)
    if wanted == "keep":
        said = f"{because}; the policy keeps such files"
        return Draft("keep", file, said, stays, relation, group.id)
    if member.lacking is not None and not group.chosen:
        lack = _LACKING[member.lacking]
        said = f"{because}, {lack}; to let it go, name {stays.id} in overrides"
        return Draft("keep", file, said, stays, relation, group.id)
    linked = file.is_hard_link_of(stays)
    if linked and wanted in {"hardlink", "reflink", "symlink"}:
        said = f"one file with {stays.id} already (hard link)"
        return Draft("keep", file, said, stays, relation, group.id)
    return Draft(
        action=wanted,
        victim=file,
        because=because,
        keeper=stays,
        relation=relation,
        group=group.id,
        to=f"{TRASH}/{file.row.path}" if wanted == "trash" else None,
        frees=0 if linked else file.row.stat.size,
    )


def _wanted(relation: Kind, policy: Policy) -> ActionKind:
    if relation == "semantic":
        return "keep"
    if relation == "overlap":  # reaches the planner only when asked for by group id
        return policy.near
    return {
        "exact": policy.exact,
        "same_stream": policy.same_stream,
        "near": policy.near,
        "contains": policy.contains,
    }[relation]


def of_broken(files: Iterable[LibraryFile], policy: Policy) -> Iterator[Draft]:
    """Yield what happens to files that cannot be read."""
    if policy.broken == "quarantine":
        for file in files:
            if not file.protected:
                because = f"cannot be read: {file.row.code}"
                yield Draft("quarantine", file, because, to=f"{QUARANTINE}/{file.row.path}")


def of_survivors(
    files: Iterable[LibraryFile], policy: Policy, leaving: frozenset[int]
) -> Iterator[Draft]:
    """Yield where the files that stay are organized to, if the policy says so."""
    if policy.survivors != "organize":
        return
    for file in files:
        at_home = file.row.path.startswith(f"{ORGANIZED}/")
        if file.signature is None or file.protected or at_home or file.row.id in leaving:
            continue
        shelf = shelf_of(file.signature.facts.width, file.signature.facts.height)
        name = file.row.path.rpartition("/")[2]
        because = f"survivor of {file.signature.facts.width}x{file.signature.facts.height}"
        yield Draft("organize", file, because, to=f"{ORGANIZED}/{shelf}/{name}")


def numbered(drafts: Sequence[Draft]) -> tuple[Action, ...]:
    """Return the actions in the order in which they are carried out."""
    return tuple(
        Action(
            n=n,
            action=draft.action,
            victim=draft.victim.witness,
            keeper=None if draft.keeper is None else draft.keeper.witness,
            relation=draft.relation,
            group=draft.group,
            to=draft.to,
            because=draft.because,
            frees=draft.frees,
        )
        for n, draft in enumerate(drafts, start=1)
    )
