"""Groups are stars around a keeper, and nobody's last copy hangs on hearsay."""

import threading
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodedup.engine.errors import CancelledError
from autodedup.engine.match.group import group_acting
from autodedup.engine.match.keeper import FileFacts, choose_keeper
from autodedup.engine.match.links import GroupFile, Links
from autodedup.engine.match.model import Crop, PairMatch, PairRelation
from autodedup.engine.match.overlaps import group_overlaps, left_out
from autodedup.engine.match.stars import Group
from autodedup.schemas.vocabulary import ACTING_KINDS, KINDS


def file(
    file_id: int,
    content: int | None = None,
    *,
    width: int = 640,
    seconds: float = 60.0,
    bitrate: int = 1_000_000,
    size: int = 1_000_000,
    protected: bool = False,
    inset: float = 0.0,
    sha: bytes | None = None,
    stream: bytes | None = None,
) -> GroupFile:
    facts = FileFacts(
        file_id=file_id,
        path=f"film {file_id:03}.mp4",
        protected=protected,
        width=width,
        height=360,
        codec="h264",
        bitrate_bps=bitrate,
        size_bytes=size,
        seconds=seconds,
        inset_share=inset,
    )
    return GroupFile(facts, file_id if content is None else content, sha, stream)


def match(
    a: int,
    b: int,
    relation: PairRelation = "near",
    inner: int | None = None,
    sure: float = 0.9,
    *,
    crop: Crop | None = None,
) -> PairMatch:
    return PairMatch(a, b, relation, inner, sure, (), "full", 10.0, 20.0, 30, crop=crop)


def members(group: Group) -> dict[int, str]:
    return {member.file_id: member.link.relation for member in group.members}


def test_exact_and_near_copies_share_a_group_each_with_its_own_relation() -> None:
    files = [
        file(1, width=1280, sha=b"x", stream=b"s"),
        file(2, 1, sha=b"x", stream=b"s"),
        file(3, stream=b"s"),
        file(4),
    ]
    files[1] = file(2, 1, width=1280, sha=b"x", stream=b"s")

    (group,) = group_acting(files, [match(1, 4, sure=0.8)])

    assert (group.keeper, group.kind, group.confidence, group.rule) == (1, "near", 0.8, "name")
    assert members(group) == {2: "exact", 3: "same_stream", 4: "near"}


def test_a_file_that_does_not_match_the_keeper_is_not_taken_in_by_its_friends() -> None:
    files = [file(1, width=1280), file(2), file(3)]

    (group,) = group_acting(files, [match(1, 2), match(2, 3)])

    assert members(group) == {2: "near"}


def test_those_left_over_form_a_group_of_their_own() -> None:
    files = [file(1, width=1280), file(2), file(3, width=800), file(4)]

    groups = group_acting(files, [match(1, 2), match(2, 3), match(3, 4)])

    assert [(g.keeper, members(g)) for g in groups] == [(1, {2: "near"}), (3, {4: "near"})]


def test_a_clip_never_keeps_the_film_that_contains_it() -> None:
    files = [file(1, width=1920, seconds=10, protected=True), file(2, width=320, seconds=90)]

    (group,) = group_acting(files, [match(1, 2, "contains", inner=1)])

    assert (group.keeper, group.kind) == (2, "contains")
    assert not group.members[0].redundant


def test_a_film_is_no_part_of_its_own_clip() -> None:
    clip, film = file(1, seconds=10), file(2, seconds=90)
    links = Links(
        [clip, film], [match(1, 2, "contains", inner=1)], frozenset(), frozenset(ACTING_KINDS)
    )

    assert links.inside(film, clip) is not None
    assert links.inside(clip, film) is None


def test_a_clip_joins_the_longest_film_that_is_kept() -> None:
    files = [file(1, width=1280), file(2), file(3, seconds=20), file(4, seconds=40)]
    found = [
        match(1, 2),
        match(1, 3, "contains", inner=3),
        match(2, 3, "contains", inner=3),
        match(3, 4, "contains", inner=3),
        match(1, 4, "contains", inner=4),
    ]

    (group,) = group_acting(files, found)

    assert (group.keeper, members(group)) == (1, {2: "near", 3: "contains", 4: "contains"})


def test_copies_of_a_clip_join_the_film_and_know_each_other() -> None:
    files = [file(1, seconds=90), file(2, seconds=20, width=800), file(3, seconds=20)]
    found = [
        match(2, 3),
        match(1, 2, "contains", inner=2),
        match(1, 3, "contains", inner=3),
    ]

    (group,) = group_acting(files, found)

    assert (group.keeper, members(group)) == (1, {2: "contains", 3: "contains"})
    twins = {member.file_id: member.twin for member in group.members}
    assert twins[2] is None
    assert twins[3] is not None
    assert (twins[3].file_id, twins[3].link.relation) == (2, "near")


def test_the_film_that_reaches_most_is_kept_whatever_its_size() -> None:
    """A film with an intro in front holds the film without it, and all that is a part of that."""
    files = [file(1, width=1280), file(2), file(3, seconds=68, width=320), file(4, seconds=20)]
    found = [
        match(1, 2),
        match(1, 3, "contains", inner=1),
        match(2, 3, "contains", inner=2),
        match(1, 4, "contains", inner=4),
        match(3, 4, "contains", inner=4),
    ]

    (group,) = group_acting(files, found)

    assert (group.keeper, set(members(group).values())) == (3, {"contains"})
    assert {m.file_id: m.twin.file_id for m in group.members if m.twin} == {2: 1}


def held(film: int, *clips: int) -> list[PairMatch]:
    return [match(*sorted((film, clip)), "contains", clip) for clip in clips]


def test_a_film_is_kept_though_a_copy_of_a_part_of_it_reaches_more() -> None:
    """Two edits of the part are not seen in the film, but in each other."""
    files = [file(1, seconds=90.0), file(2, width=1280), *(file(n) for n in range(3, 7))]
    copies = [match(2, n) for n in range(3, 7)]

    told = group_acting(files, [*copies, *held(1, 2, 3, 4), match(5, 6)])

    assert [(group.keeper, set(members(group))) for group in told] == [(1, {2, 3, 4}), (5, {6})]
    assert {m.file_id: m.twin.file_id for m in told[0].members if m.twin} == {3: 2, 4: 2}


def test_a_film_is_not_kept_where_that_leaves_many_of_its_copies_over() -> None:
    files = [file(1, seconds=90.0), file(2, width=1280), *(file(n) for n in range(3, 10))]
    copies = [match(2, n) for n in range(3, 10)]
    seen_in_each_other = [match(7, 8), match(8, 9), match(7, 9)]

    told = group_acting(files, [*copies, *held(1, 2, 3, 4, 5, 6), *seen_in_each_other])

    assert [(group.keeper, set(members(group))) for group in told] == [(2, set(range(3, 10)))]


def test_a_film_is_kept_where_that_leaves_a_third_of_its_copies_over() -> None:
    files = [file(1, seconds=90.0), file(2, width=1280), *(file(n) for n in range(3, 11))]
    copies = [match(2, n) for n in range(3, 11)]
    seen_in_each_other = [match(8, 9), match(9, 10), match(8, 10)]

    told = group_acting(files, [*copies, *held(1, 2, 3, 4, 5, 6, 7), *seen_in_each_other])

    assert [(group.keeper, set(members(group))) for group in told] == [
        (1, set(range(2, 8))),
        (8, {9, 10}),
    ]


def test_a_film_is_not_kept_where_that_leaves_a_copy_alone() -> None:
    files = [file(1, seconds=90.0), file(2, width=1280), *(file(n) for n in range(3, 7))]
    copies = [match(2, n) for n in range(3, 7)]

    (group,) = group_acting(files, [*copies, *held(1, 2, 3, 4, 5)])

    assert (group.keeper, set(members(group))) == (2, {3, 4, 5, 6})


def test_a_protected_copy_stays_the_keeper_of_its_copies() -> None:
    files = [file(1, seconds=90.0), file(2, protected=True), file(3), file(4)]
    copies = [match(2, 3), match(2, 4)]

    (group,) = group_acting(files, [*copies, *held(1, 2)])

    assert (group.keeper, set(members(group))) == (2, {3, 4})


def test_films_that_one_file_joins_are_no_reason_to_stand_in_one_group() -> None:
    files = [file(1, seconds=200), *(file(n) for n in range(2, 7))]
    found = [
        *(match(1, part, "contains", inner=part) for part in range(2, 7)),
        *(match(2, 3), match(3, 4), match(2, 4)),
        match(5, 6),
    ]

    groups = group_acting(files, found)

    assert [(g.keeper, set(members(g))) for g in groups] == [(1, {2, 3, 4}), (5, {6})]


def test_what_joins_two_films_stays_with_the_longer_however_many_copies_the_other_has() -> None:
    files = [
        file(1, seconds=26),
        *(file(n, seconds=18) for n in (2, 3)),
        *(file(n, seconds=8) for n in (4, 5, 6, 7)),
    ]
    found = [
        *(match(1, part, "contains", inner=part) for part in range(2, 8)),
        match(2, 3),
        *(match(4, other) for other in (5, 6, 7)),
    ]

    groups = group_acting(files, found)

    assert [(g.keeper, set(members(g))) for g in groups] == [(1, {2, 3}), (4, {5, 6, 7})]


def test_a_clip_that_another_film_holds_too_does_not_join_strangers() -> None:
    """What joins two films shows a clip of the second; the second film is elsewhere."""
    files = [file(1, seconds=200), *(file(n) for n in range(2, 5)), *(file(n) for n in (5, 6, 7))]
    found = [
        *(match(1, part, "contains", inner=part) for part in (2, 3, 4, 7)),
        *(match(2, 3), match(3, 4), match(2, 4)),
        match(5, 6),
        match(5, 7, "contains", inner=7),
    ]

    groups = group_acting(files, found)

    assert [(g.keeper, set(members(g))) for g in groups] == [(1, {2, 3, 4}), (5, {6, 7})]


def test_single_clips_of_different_seconds_stay_with_their_film() -> None:
    files = [file(1, seconds=200), *(file(n) for n in range(2, 7))]
    found = [
        *(match(1, part, "contains", inner=part) for part in range(2, 7)),
        match(2, 3),
    ]

    (group,) = group_acting(files, found)

    assert set(members(group)) == {2, 3, 4, 5, 6}


def test_a_match_that_no_acting_group_has_room_for_is_told_as_an_overlap() -> None:
    """A loop and a longer cut both hold the film: only one of them can be its keeper."""
    files = [file(1, seconds=60), file(2, seconds=60), file(3, seconds=120), file(4, seconds=90)]
    found = [
        match(1, 2),
        *(match(part, 3, "contains", inner=part) for part in (1, 2)),
        match(1, 4, "contains", inner=1, sure=0.95),
        match(2, 4, "contains", inner=2, sure=0.99),
    ]
    acting = group_acting(files, found)
    assert [(g.keeper, set(members(g))) for g in acting] == [(3, {1, 2})]

    told = left_out(files, found, acting)

    assert [(m.a, m.b, m.relation, m.inner) for m in told] == [(2, 4, "overlap", None)]
    (group,) = group_overlaps(files, told)
    assert members(group) in ({2: "overlap"}, {4: "overlap"})
    assert not any(member.redundant for member in group.members)


def test_what_no_group_has_room_for_is_not_told_against_what_a_person_said() -> None:
    files = [file(1), file(2)]
    found = [match(1, 2)]

    assert left_out(files, found, [], apart={(1, 2)}) == []
    assert left_out(files, found, [], kinds=["contains"]) == []
    assert len(left_out(files, found, [])) == 1


def test_what_a_person_called_no_duplicate_is_no_duplicate() -> None:
    files = [file(1, sha=b"x"), file(2, sha=b"x"), file(3)]

    assert group_acting(files, [match(1, 3)], apart={(1, 2), (1, 3)}) == []


def test_only_the_kinds_that_were_asked_for_are_grouped() -> None:
    files = [file(1, sha=b"x"), file(2, sha=b"x"), file(3)]

    (group,) = group_acting(files, [match(1, 3)], kinds=["exact"])

    assert members(group) == {2: "exact"}


def test_a_crop_is_not_kept_for_its_pixels_before_the_film_it_was_cut_from() -> None:
    files = [file(1), file(2, width=1100)]

    (group,) = group_acting(files, [match(1, 2, crop=Crop(2, 0.5))])

    assert (group.keeper, group.rule) == (1, "resolution")
    assert group.members[0].redundant


def test_a_film_is_not_redundant_beside_a_crop_that_shows_it_far_more_finely() -> None:
    files = [file(1), file(2, width=3000)]

    (group,) = group_acting(files, [match(1, 2, crop=Crop(2, 0.5))])

    assert group.keeper == 2
    assert not group.members[0].redundant


def test_a_clip_stands_for_none_that_shows_more_of_the_picture() -> None:
    files = [file(1, seconds=90), file(2), file(3, width=3000)]
    parts = [match(1, clip, "contains", inner=clip) for clip in (2, 3)]

    (group,) = group_acting(files, [*parts, match(2, 3, crop=Crop(3, 0.5))])

    assert group.keeper == 1
    assert [member.twin for member in group.members] == [None, None]


@pytest.mark.parametrize("protected", [1, 2])
def test_of_a_film_within_another_and_the_film_neither_stands_for_the_other(protected: int) -> None:
    files = [file(1, protected=protected == 1), file(2, inset=0.3, protected=protected == 2)]

    (group,) = group_acting(files, [match(1, 2, crop=Crop(1, 0.36, inset=True))])

    assert group.keeper == protected
    assert not group.members[0].redundant


def test_a_film_within_another_is_no_film_that_the_inset_was_cut_from() -> None:
    files = [file(1), file(2, width=1200, inset=0.3)]

    (group,) = group_acting(files, [match(1, 2, crop=Crop(1, 0.36, inset=True))])

    assert group.keeper == 1


def test_overlaps_never_act_and_every_one_is_shown_once() -> None:
    files = [file(1, width=1280), file(2), file(3), file(4, 3)]
    found = [match(1, 2, "overlap"), match(2, 3, "overlap"), match(1, 3, "overlap")]

    groups = group_overlaps(files, found)

    assert group_acting(files, found) == []
    assert [(g.keeper, members(g)) for g in groups] == [
        (1, {2: "overlap", 3: "overlap"}),
        (2, {3: "overlap"}),
    ]
    assert not any(member.redundant for group in groups for member in group.members)


def test_overlaps_respect_what_a_person_decided() -> None:
    assert group_overlaps([file(1), file(2)], [match(1, 2, "overlap")], apart={(1, 2)}) == []


def test_grouping_ends_when_it_is_stopped() -> None:
    stop = threading.Event()
    stop.set()

    with pytest.raises(CancelledError):
        group_acting([file(1), file(2)], [match(1, 2)], stop=stop)


ids = st.integers(1, 9)


@st.composite
def libraries(
    draw: st.DrawFn,
) -> tuple[list[GroupFile], list[PairMatch], frozenset[tuple[int, int]]]:
    files = [
        file(
            number,
            content=draw(st.integers(1, 6)),
            width=draw(st.sampled_from((320, 640))),
            bitrate=draw(st.sampled_from((1_000_000, 1_050_000, 1_150_000, 2_000_000))),
            size=draw(st.sampled_from((1_000_000, 1_000_001))),
            seconds=draw(st.sampled_from((10.0, 60.0))),
            protected=draw(st.booleans()),
            stream=draw(st.sampled_from((None, b"s", b"t"))),
        )
        for number in range(1, draw(st.integers(2, 9)) + 1)
    ]
    files = [
        GroupFile(
            f.facts,
            f.content,
            str(f.content).encode() if draw(st.booleans()) else None,
            f.stream_hash,
        )
        for f in files
    ]
    found = []
    for a, b in combinations(range(1, 7), 2):
        relation = draw(st.sampled_from((None, None, "near", "contains", "overlap")))
        if relation is not None:
            inner = draw(st.sampled_from((a, b))) if relation == "contains" else None
            found.append(match(a, b, relation, inner))
    pairs = st.tuples(ids, ids).map(lambda p: (min(p), max(p)))
    return files, found, frozenset(draw(st.sets(pairs, max_size=4)))


def linked(one: GroupFile, other: GroupFile, relation: str, found: list[PairMatch]) -> bool:
    """Say, from the input alone, whether `other` stands in `relation` to its keeper `one`."""
    if relation == "exact":
        return one.sha256 is not None and one.sha256 == other.sha256
    if relation == "same_stream":
        return one.stream_hash is not None and one.stream_hash == other.stream_hash
    return any(
        {m.a, m.b} == {one.content, other.content}
        and m.relation == relation
        and (m.inner is None or m.inner == other.content)
        for m in found
    )


@given(libraries())
def test_every_group_is_a_star_that_keeps_every_promise(
    library: tuple[list[GroupFile], list[PairMatch], frozenset[tuple[int, int]]],
) -> None:
    files, found, apart = library
    of_id = {f.file_id: f for f in files}

    groups = group_acting(files, found, apart=apart)

    everyone = [group.keeper for group in groups]
    everyone += [member.file_id for group in groups for member in group.members]
    assert len(everyone) == len(set(everyone))
    for group in groups:
        assert group.members
        assert group.kind in ACTING_KINDS
        assert group.kind == max((m.link.relation for m in group.members), key=KINDS.index)
        for member in group.members:
            keeper, other = of_id[group.keeper], of_id[member.file_id]
            assert linked(keeper, other, member.link.relation, found)
            assert tuple(sorted((keeper.file_id, other.file_id))) not in apart
            assert not (other.facts.protected and member.redundant)
            if member.twin is not None:
                stays = of_id[member.twin.file_id]
                assert member.twin.file_id in {m.file_id for m in group.members if not m.twin}
                assert linked(stays, other, member.twin.link.relation, found)
                assert tuple(sorted((stays.file_id, other.file_id))) not in apart
    assert group_acting(list(reversed(files)), list(reversed(found)), apart=apart) == groups


@given(libraries())
def test_groups_are_what_they_are_by_the_plain_definition(
    library: tuple[list[GroupFile], list[PairMatch], frozenset[tuple[int, int]]],
) -> None:
    files, found, apart = library
    links = Links(files, found, apart, frozenset(ACTING_KINDS))

    told = {
        g.keeper: {m.file_id for m in g.members} for g in group_acting(files, found, apart=apart)
    }

    assert told == by_definition(files, links)


def by_definition(files: list[GroupFile], links: Links) -> dict[int, set[int]]:
    """Make stars one by one, asking every file about every other each time."""
    left = {f.file_id: f for f in files}
    stars: dict[int, set[int]] = {}
    while reaches := _all_reaches(left, links):
        keeper, whole, inside = min(
            reaches,
            key=lambda r: (-len(r[1] | r[2]), -len(r[1]), -r[0].facts.seconds, r[0].file_id),
        )
        if not whole:
            inside = _of_one_film(keeper, inside, left, links)
        keeper, whole, inside = _of_longer_film(keeper, whole, inside, left, links)
        stars[keeper.file_id] = whole | inside
        for gone in (keeper.file_id, *whole, *inside):
            del left[gone]
    return stars


def _of_one_film(
    keeper: GroupFile, inside: set[int], left: dict[int, GroupFile], links: Links
) -> set[int]:
    films = links.films(left[n] for n in inside)
    films.sort(
        key=lambda film: (
            len(film) == 1,
            -max(f.facts.seconds for f in film),
            -len(film),
            min(f.file_id for f in film),
        )
    )
    if not films or len(films[0]) == 1:
        return inside
    others = [f for n, f in left.items() if n not in inside and f != keeper]
    gone = {
        f.file_id
        for film in films[1:]
        if len(film) > 1
        or any(
            film[0].content in links.parts_of(other) and other.content != film[0].content
            for other in others
        )
        for f in film
    }
    return inside - gone


def _of_longer_film(
    keeper: GroupFile, whole: set[int], inside: set[int], left: dict[int, GroupFile], links: Links
) -> tuple[GroupFile, set[int], set[int]]:
    """Ask every film that holds the keeper whether what it leaves over makes one group."""
    found: dict[int, tuple[GroupFile, set[int], set[int]]] = {}
    for film in left.values():
        holds = film.content != keeper.content and film.content in links.films_of(keeper)
        if not holds or (keeper.facts.protected and not film.facts.protected):
            continue
        equals, parts = _reached(film, left, links)
        if not equals:
            parts = _of_one_film(film, parts, left, links)
        over = {n: left[n] for n in (whole | inside) - equals - parts - {film.file_id}}
        one = not over or any(
            over.keys() - {n} <= set().union(*_reached(f, over, links)) for n, f in over.items()
        )
        few = len(over) <= max(2, 0.35 * (1 + len(whole | inside)))
        if keeper.file_id in equals | parts and one and few and len(over) != 1:
            found[film.file_id] = film, equals, parts
    if not found:
        return keeper, whole, inside
    return found[choose_keeper([left[n].facts for n in found]).keeper.file_id]


def _reached(
    keeper: GroupFile, others: dict[int, GroupFile], links: Links
) -> tuple[set[int], set[int]]:
    rest = {n: f for n, f in others.items() if n != keeper.file_id}
    whole = {n for n, f in rest.items() if links.whole(keeper, f) is not None}
    inside = {n for n, f in rest.items() if links.inside(keeper, f) is not None}
    return whole, inside - whole


def _all_reaches(
    left: dict[int, GroupFile], links: Links
) -> list[tuple[GroupFile, set[int], set[int]]]:
    reaches = []
    for part in links.connected(left.values()):
        waiting = {f.file_id: f for f in part}
        while waiting:
            keeper = waiting.pop(choose_keeper([f.facts for f in waiting.values()]).keeper.file_id)
            whole = {n for n, f in waiting.items() if links.whole(keeper, f) is not None}
            for n in whole:
                del waiting[n]
            inside = {
                n
                for n, f in left.items()
                if n not in whole and n != keeper.file_id and links.inside(keeper, f) is not None
            }
            if whole or inside:
                reaches.append((keeper, whole, inside))
    return reaches


def test_a_long_chain_of_near_pairs_takes_no_cube_of_its_length() -> None:
    files = [file(n) for n in range(1, 1501)]
    chain = [match(n, n + 1) for n in range(1, 1500)]

    groups = group_acting(files, chain)

    assert sum(1 + len(g.members) for g in groups) >= 1490
