"""A composite that one file takes for a copy is none where that file's other copies deny it."""

from dataclasses import replace
from itertools import permutations

import pytest

from autodedup.engine.match.contradicted import without_contradicted
from autodedup.engine.match.model import PairMatch, PairRelation, Segment

FILM, COPY, LOOP, COMPOSITE = 1, 2, 3, 4
WHOLE = Segment(0.0, 20.0, 0.0, 20.0, 1.0)


def claim(
    a: int, b: int, bits: float = 30.0, *, inner: int | None = None, at: Segment = WHOLE
) -> PairMatch:
    relation: PairRelation = "near" if inner is None else "contains"
    return PairMatch(a, b, relation, inner, 0.9, (at,), "full", bits, bits, 30)


def denied(a: int, b: int) -> PairMatch:
    return replace(claim(a, b).as_overlap(), composite=True)


def acting(matches: list[PairMatch]) -> set[tuple[int, int]]:
    found = without_contradicted(matches)
    assert [(m.a, m.b) for m in found] == [(m.a, m.b) for m in matches]
    return {(match.a, match.b) for match in found if match.relation != "overlap"}


CHAIN = [
    claim(FILM, COPY),
    claim(FILM, LOOP, inner=FILM),
    claim(COPY, LOOP, inner=COPY),
    claim(LOOP, COMPOSITE, inner=COMPOSITE),
    denied(FILM, COMPOSITE),
    denied(COPY, COMPOSITE),
]


def test_a_loop_holds_no_composite_of_the_film_it_repeats_in_whatever_order() -> None:
    for matches in permutations(CHAIN):
        assert acting(list(matches)) == {(FILM, COPY), (FILM, LOOP), (COPY, LOOP)}


@pytest.mark.parametrize("swapped", [False, True])
def test_it_does_not_matter_which_of_two_contents_comes_first(swapped: bool) -> None:
    chain = [
        replace(
            match,
            a=match.b,
            b=match.a,
            segments=tuple(Segment(s.b_start, s.b_end, s.a_start, s.a_end, 1 / s.speed)
                           for s in match.segments),
        ) if swapped else match for match in CHAIN
    ]  # fmt: skip

    composite = {pair for pair in acting(chain) if COMPOSITE in pair}

    assert not composite


def test_of_two_that_contradict_each_other_neither_is_believed_unless_clearly_closer() -> None:
    film, composite = denied(FILM, COMPOSITE), claim(COPY, COMPOSITE, 30.0)

    assert acting([claim(FILM, COPY, 29.0), composite, film]) == set()
    assert acting([claim(FILM, COPY, 10.0), composite, film]) == {(FILM, COPY)}
    assert acting([claim(FILM, COPY, 90.0), composite, film]) == {(COPY, COMPOSITE)}


def test_one_denial_among_many_copies_is_not_heard() -> None:
    """A large drawing over a film may be taken for another film by one edit of it."""
    copies = range(1, 6)
    pairs = [claim(a, b) for a in copies for b in copies if a < b and (a, b) != (1, 5)]

    assert acting([*pairs, denied(1, 5)]) == {(match.a, match.b) for match in pairs}


def test_a_tape_may_hold_a_film_and_later_a_composite_of_it() -> None:
    tape = 5
    film = claim(FILM, tape, inner=FILM, at=Segment(0.0, 20.0, 100.0, 120.0, 1.0))
    composite = claim(COMPOSITE, tape, inner=COMPOSITE, at=Segment(0.0, 20.0, 300.0, 320.0, 1.0))

    assert acting([film, composite, denied(FILM, COMPOSITE)]) == {(FILM, tape), (COMPOSITE, tape)}


def test_a_plain_overlap_contradicts_nothing() -> None:
    pairs = [claim(FILM, COPY), claim(COPY, COMPOSITE)]

    assert acting([*pairs, claim(FILM, COMPOSITE).as_overlap()]) == {(1, 2), (2, 4)}


def test_what_is_contradicted_is_told_as_an_overlap_of_its_seconds() -> None:
    (told,) = (m for m in without_contradicted(CHAIN) if (m.a, m.b) == (LOOP, COMPOSITE))

    assert (told.relation, told.inner, told.segments) == ("overlap", None, (WHOLE,))
