"""From pairs to groups: stars around a keeper, so that nothing is let go on hearsay.

Every member of a group matches its keeper directly: it shows the same from start to end, or the
whole of it is a part of the keeper. The file that reaches most others so becomes a keeper first;
among files that show the same, the keep rules decide which of them it is. A clip is never the
keeper of the film that contains it, because a keeper reaches only its equals and its parts.

Clips that are copies of each other join the film that contains them all the same, and are told
apart there: a member's twin is another clip of the group that it is a copy of and that can stand
for it while the film's clips are kept. But a file that joins several films one after another is
no reason to put them into one group: it stays with the first of those that there are copies of, but
for an intro, and the others make groups of their own.
"""

import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from heapq import heappop, heappush

from autodedup.engine.errors import CancelledError
from autodedup.engine.match.keeper import KEEP_RULES, FileFacts, choose_keeper, in_order
from autodedup.engine.match.links import FilePair, GroupFile, Link, Links
from autodedup.engine.match.model import PairMatch
from autodedup.engine.match.stars import Group, Member, Twin, star
from autodedup.schemas.vocabulary import ACTING_KINDS, KeepRule, Kind

_FEW = 3  # parts: fewer cannot be copies of one film and something else
_NO_INTRO = 0.4  # of the longest film in a file: one that lasts so long is no intro to it
_LEFT_OVER = 0.35  # of the copies of a film that a longer one may not reach and take its place


@dataclass(frozen=True, slots=True)
class _Reach:
    """What one file would be the keeper of."""

    keeper: GroupFile
    whole: dict[int, Link]
    inside: dict[int, Link]

    @property
    def rank(self) -> tuple[int, int, float, int]:
        """Return a key that sorts the keeper of most files first."""
        files = len(self.whole) + len(self.inside)
        return (-files, -len(self.whole), -self.keeper.facts.seconds, self.keeper.file_id)


def group_acting(
    files: Sequence[GroupFile],
    matches: Iterable[PairMatch],
    *,
    apart: AbstractSet[FilePair] = frozenset(),
    kinds: Collection[Kind] = ACTING_KINDS,
    rules: Sequence[KeepRule] = KEEP_RULES,
    stop: threading.Event | None = None,
) -> list[Group]:
    """Return the groups that may be acted upon; no file is in two, none has fewer than two.

    Args:
        files: The files to group; their ids differ.
        matches: What was found among their contents.
        apart: Pairs a person has called "not a duplicate".
        kinds: The relations to consider.
        rules: The keep rules, in order.
        stop: Set to end the grouping.

    Raises:
        CancelledError: `stop` was set.
    """
    links = Links(files, matches, apart, frozenset(kinds) & frozenset(ACTING_KINDS))
    grouping = _Grouping(links, rules, stop)
    related = (files for files in links.related() if len(files) > 1)
    groups = [group for files in related for group in grouping.groups(files)]
    return sorted(groups, key=lambda group: group.keeper)


class _Standing:
    """The reaches as things stand; each is computed anew only when its equals change."""

    def __init__(self) -> None:
        self._part: dict[int, frozenset[int]] = {}
        self._reaches: dict[int, _Reach] = {}
        self._ranked: list[tuple[tuple[int, int, float, int], int]] = []
        self._films: dict[int, set[int]] = defaultdict(set)  # by clip

    def add(self, part: Sequence[int], reaches: Iterable[_Reach]) -> None:
        """Take in a set of equals and what its keepers reach."""
        self._part |= dict.fromkeys(part, frozenset(part))
        for reach in reaches:
            self._put(reach)
            for clip in reach.inside:
                self._films[clip].add(reach.keeper.file_id)

    def best(self) -> _Reach | None:
        """Return the reach of most files; None if there is none left."""
        while self._ranked:
            rank, keeper = self._ranked[0]
            reach = self._reaches.get(keeper)
            if reach is not None and reach.rank == rank:
                return reach
            heappop(self._ranked)  # it has shrunk, or is gone
        return None

    def without(self, gone: AbstractSet[int]) -> set[int]:
        """Forget some files, and return all files whose equals are others now."""
        changed: set[int] = set()
        for file_id in gone:
            if file_id not in changed:
                changed |= self._part[file_id]
        for file_id in changed:
            self._reaches.pop(file_id, None)
        films = {film for clip in gone for film in self._films.pop(clip, ())}
        for film in films & self._reaches.keys():
            reach = self._reaches.pop(film)
            inside = {clip: link for clip, link in reach.inside.items() if clip not in gone}
            if reach.whole or inside:
                self._put(_Reach(reach.keeper, reach.whole, inside))
        return changed

    def _put(self, reach: _Reach) -> None:
        self._reaches[reach.keeper.file_id] = reach
        heappush(self._ranked, (reach.rank, reach.keeper.file_id))


class _Grouping:
    """Makes stars out of files that are related in any way."""

    def __init__(
        self, links: Links, rules: Sequence[KeepRule], stop: threading.Event | None
    ) -> None:
        self._links = links
        self._rules = rules
        self._stop = stop

    def groups(self, related: Sequence[GroupFile]) -> Iterator[Group]:
        """Yield the groups of some files, the keeper that reaches most first."""
        left = {file.file_id: file for file in related}
        standing = _Standing()
        self._add(standing, related, left)
        while (reach := standing.best()) is not None:
            best = self._of_longer_film(self._of_one_film(reach, left), left)
            yield self._star(best, left)
            gone = {best.keeper.file_id, *best.whole, *best.inside}
            for file_id in gone:
                del left[file_id]
            # Only equals of what is gone may have another keeper now.
            changed = standing.without(gone)
            self._add(standing, [left[n] for n in sorted(changed) if n in left], left)

    def _of_one_film(self, reach: _Reach, left: Mapping[int, GroupFile]) -> _Reach:
        """Return the reach without parts that belong to another film than the first of it.

        Such are copies of each other and of nothing else in it, and single clips that another
        film holds too. Clips that would be alone without this one stay.
        """
        if reach.whole or len(reach.inside) < _FEW:
            return reach
        films = self._links.films(left[clip] for clip in reach.inside)
        copied = [film for film in films if len(film) > 1]
        if not copied:
            return reach
        # A short film before another is an intro to it, however many copies of the intro there are.
        longest = max(file.facts.seconds for film in copied for file in film)
        stays = min(
            (film for film in copied if _lasts(film) >= _NO_INTRO * longest),
            key=lambda film: (_begins(reach, film), -_lasts(film), -len(film)),
        )
        others = left.keys() - reach.inside.keys() - {reach.keeper.file_id}
        gone = {
            file.file_id
            for film in films
            if film is not stays and (len(film) > 1 or self._is_held(film[0], others))
            for file in film
        }
        inside = {clip: link for clip, link in reach.inside.items() if clip not in gone}
        return _Reach(reach.keeper, reach.whole, inside)

    def _of_longer_film(self, reach: _Reach, left: Mapping[int, GroupFile]) -> _Reach:
        """Return what a film that the keeper is a part of reaches, if that leaves nobody alone.

        Such a film may reach fewer: an edit that is seen in a copy is not always seen in a film
        that holds it. But without it that film would be alone, and it shows all that the copy does.
        Where it leaves many over, it does not: one film's copies would stand in two groups.
        """
        copies = {reach.keeper.file_id, *reach.whole, *reach.inside}
        found: dict[int, _Reach] = {}
        for content in self._links.films_of(reach.keeper):
            for film in self._links.holders(content):
                if film.file_id not in left or film.facts.protected < reach.keeper.facts.protected:
                    continue
                other = self._of_one_film(self._reach(film, left, left), left)
                taken = {film.file_id, *other.whole, *other.inside}
                over = {copy: left[copy] for copy in copies if copy not in taken}
                few = len(over) <= max(_FEW - 1, _LEFT_OVER * len(copies))
                if few and reach.keeper.file_id in taken and self._are_one_group(over):
                    found[film.file_id] = other
        if not found:
            return reach
        films = [left[film].facts for film in found]
        return found[choose_keeper(films, self._rules).keeper.file_id]

    def _are_one_group(self, files: Mapping[int, GroupFile]) -> bool:
        """Say whether one of the files reaches all the others; none at all are no trouble."""
        return not files or any(
            files.keys() <= {each, *reach.whole, *reach.inside}
            for each, file in files.items()
            if len(files) > 1 and (reach := self._reach(file, files, files))
        )

    def _is_held(self, clip: GroupFile, others: AbstractSet[int]) -> bool:
        films = (f for content in self._links.films_of(clip) for f in self._links.holders(content))
        return any(film.file_id in others for film in films)

    def _add(
        self, standing: _Standing, files: Sequence[GroupFile], left: dict[int, GroupFile]
    ) -> None:
        for part in self._links.connected(files):
            standing.add([file.file_id for file in part], list(self._reaches(part, left)))

    def _reaches(self, part: Sequence[GroupFile], left: dict[int, GroupFile]) -> Iterator[_Reach]:
        """Yield, for a set of equals, what the one of them that is kept would reach.

        One that does not match the kept one directly is tried by itself.
        """
        waiting = {file.file_id: file for file in part}
        # Mostly the order is plain; where it is not, it is asked for anew each time.
        facts = self._facts(part)
        order = in_order(list(facts.values()), self._rules)
        first = iter(order or ())
        while waiting:
            if self._stop is not None and self._stop.is_set():
                raise CancelledError("The grouping was cancelled; nothing was changed.")
            if order is None:
                left_facts = [facts[file_id] for file_id in waiting]
                chosen = choose_keeper(left_facts, self._rules).keeper
            else:
                chosen = next(each for each in first if each.file_id in waiting)
            reach = self._reach(waiting.pop(chosen.file_id), waiting, left)
            for file_id in reach.whole:
                del waiting[file_id]
            if reach.whole or reach.inside:
                yield reach

    def _reach(
        self, keeper: GroupFile, equals: Mapping[int, GroupFile], left: Mapping[int, GroupFile]
    ) -> _Reach:
        """Return what a file would be the keeper of: some of its equals, and all parts of it."""
        whole = self._whole(keeper, equals)
        inside = {
            clip.file_id: link
            for content in self._links.parts_of(keeper)
            for clip in self._links.holders(content)
            if clip.file_id in left and clip.file_id not in whole
            if (link := self._links.inside(keeper, clip)) is not None
        }
        return _Reach(keeper, whole, inside)

    def _whole(self, keeper: GroupFile, others: Mapping[int, GroupFile]) -> dict[int, Link]:
        return {
            file_id: link
            for file_id in sorted(self._links.equals_of(keeper) & others.keys())
            if file_id != keeper.file_id
            and (link := self._links.whole(keeper, others[file_id])) is not None
        }

    def _star(self, reach: _Reach, left: dict[int, GroupFile]) -> Group:
        twins = self._twins([left[file_id] for file_id in reach.inside])
        members = [
            Member(
                file_id,
                link,
                not left[file_id].facts.protected and link.covers(left[file_id]),
                twins.get(file_id),
            )
            for file_id, link in (reach.whole | reach.inside).items()
        ]
        return star(reach.keeper.file_id, members, self._deciding_rule(reach, left))

    def _twins(self, clips: Sequence[GroupFile]) -> dict[int, Twin]:
        """Return, for clips that are copies of another clip, the one that stands for them."""
        found: dict[int, Twin] = {}
        # Most clips of a film are different clips: only those that may be copies are compared.
        for part in self._links.connected(clips):
            left = {clip.file_id: clip for clip in part}
            while len(left) > 1:
                facts = self._facts(list(left.values()))
                choice = choose_keeper(list(facts.values()), self._rules)
                stays = left.pop(choice.keeper.file_id)
                for file_id, link in self._whole(stays, left).items():
                    if link.covers(left.pop(file_id)):
                        found[file_id] = Twin(stays.file_id, link)
        return found

    def _deciding_rule(self, reach: _Reach, left: dict[int, GroupFile]) -> KeepRule | None:
        """Return the rule that sets the keeper apart from its equals; None if it has none."""
        if not reach.whole:
            return None
        equals = [reach.keeper, *(left[file_id] for file_id in reach.whole)]
        return choose_keeper(list(self._facts(equals).values()), self._rules).rule

    def _facts(self, files: Sequence[GroupFile]) -> dict[int, FileFacts]:
        """Return what the keep rules look at in some equals, by file."""
        cropped = self._links.cropped(files)
        return {
            file.file_id: replace(file.facts, cropped=file.file_id in cropped) for file in files
        }


def _lasts(film: Sequence[GroupFile]) -> float:
    return max(file.facts.seconds for file in film)


def _begins(reach: _Reach, film: Sequence[GroupFile]) -> float:
    """Return the second of the keeper at which the longest clips of a film begin to be shown."""
    lasts = _lasts(film)
    return min(
        (
            segment.a_start
            for clip in film
            if clip.facts.seconds >= _NO_INTRO * lasts
            and (match := reach.inside[clip.file_id].match) is not None
            and reach.keeper.content is not None
            for segment in match.segments_of(reach.keeper.content)
        ),
        default=0.0,
    )
