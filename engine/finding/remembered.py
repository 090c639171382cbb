"""What an earlier search made of files that nothing new has to do with."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

import apsw

from autodedup.engine.finding.found import FoundGroup
from autodedup.engine.finding.parts import Part
from autodedup.engine.store import results
from autodedup.engine.store.results import StoredGroup
from autodedup.schemas.vocabulary import Kind


@dataclass(frozen=True, slots=True)
class _Grouped:
    part: Part
    groups: tuple[FoundGroup, ...]


class GroupMemory:
    """The groups of one library as they were found last.

    A part of it whose files, matches and decisions are equal to what they were is not grouped
    again: nothing else bears on its groups. That is asked of every part each time, so it does not
    matter what has happened in between.
    """

    def __init__(self) -> None:
        # Set in one step: of two searches at a time, either may end first.
        self._last: tuple[frozenset[Kind], dict[int, _Grouped]] = (frozenset(), {})
        self._stored: dict[FoundGroup, StoredGroup] = {}

    def forget(self) -> None:
        """Let go of everything."""
        self._last, self._stored = (frozenset(), {}), {}

    def grouped(
        self,
        parts: Iterable[Part],
        kinds: Collection[Kind],
        group: Callable[[Part], list[FoundGroup]],
    ) -> list[FoundGroup]:
        """Return the groups of these kinds of all parts, those of unknown parts by `group`."""
        last_kinds, held = self._last
        if last_kinds != frozenset(kinds):
            held = {}
        now: dict[int, _Grouped] = {}
        for part in parts:
            first = part.files[0].row.id
            known = held.get(first)
            if known is None or known.part != part:
                known = _Grouped(part, tuple(group(part)))
            now[first] = known
        self._last = (frozenset(kinds), now)
        return [found for each in now.values() for found in each.groups]

    def numbered(
        self, groups: Sequence[FoundGroup], connection: apsw.Connection
    ) -> list[StoredGroup]:
        """Return groups as they are stored, each with its lasting id.

        An id that this transaction gives out is not remembered before `keep` says that it holds.
        """
        return [
            self._stored.get(group) or results.as_stored(group.numbered(connection))
            for group in groups
        ]

    def keep(self, groups: Sequence[FoundGroup], stored: Sequence[StoredGroup]) -> None:
        """Remember how groups are stored, now that they are; of those that were found last."""
        known = self._stored | dict(zip(groups, stored, strict=True))
        found = [group for each in self._last[1].values() for group in each.groups]
        self._stored = {group: known[group] for group in found if group in known}
