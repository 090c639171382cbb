"""The harness itself: what counts as true, found, missed and made up."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from dataset_score import Claims, score
from dataset_truth import Media, judge, read_manifest

from autodedup.schemas.evidence import Evidence, Overlap
from autodedup.schemas.find_duplicates import Group, GroupFile
from autodedup.schemas.vocabulary import Kind

PLAIN = Media("a.mp4", "a", "original", None, False, None, frozenset(), 0.0, 1.0)
COPY = replace(PLAIN, file="a-copy.mp4", relation="mirror")
EARLY = replace(PLAIN, file="a-early.mp4", relation="trim", segment=(0.0, 6.0))
LATE = replace(PLAIN, file="a-late.mp4", relation="trim", segment=(4.0, 9.0), offset=4.0)
END = replace(PLAIN, file="a-end.mp4", relation="trim", segment=(7.0, 9.0), offset=7.0)
INTRO = replace(PLAIN, file="a-intro.mp4", relation="intro", adds=True, offset=-2.0)
OTHER = replace(PLAIN, file="b.mp4", family=None, hard_negative_of="a")


def library(*media: Media) -> dict[str, Media]:
    return {file.file: file for file in media}


def group(keeper: Media, *members: tuple[Media, Kind], seconds: Overlap | None = None) -> Group:
    """Return a group as the server answers it."""
    evidence = None if seconds is None else Evidence(overlap=(seconds,))
    files = [GroupFile(id="f1", path=keeper.file)]
    files += [
        GroupFile(id=f"f{n}", path=file.file, relation=kind, evidence=evidence)
        for n, (file, kind) in enumerate(members, 2)
    ]
    return Group(
        id="g1", kind=members[0][1], confidence=1, keep="f1", why_keep="size",
        reclaimable_bytes=0, files=tuple(files),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (PLAIN, COPY, "same"),
        (PLAIN, LATE, "same"),
        (PLAIN, INTRO, "same"),
        (EARLY, LATE, "partly"),
        (EARLY, END, "different"),
        (INTRO, LATE, "same"),
        (INTRO, replace(INTRO, file="a-intro2.mp4"), "partly"),
        (PLAIN, OTHER, "different"),
    ],
)
def test_pairs_are_judged_by_the_seconds_they_hold(one: Media, other: Media, verdict: str) -> None:
    assert judge(one, other) == verdict
    assert judge(other, one) == verdict


def test_opinions_are_scored_apart() -> None:
    one, other = (
        replace(PLAIN, file=name, family="foreman") for name in ("foreman.264", "foreman.mp4")
    )

    result = score(library(one, other), Claims.of([group(one, (other, "near"))]))

    assert (result.total, result.false) == (0, ())
    assert result.apart == {"foreman": (1, 1)}


def test_members_of_one_group_are_found_and_the_rest_is_missed() -> None:
    result = score(library(PLAIN, COPY, LATE), Claims.of([group(PLAIN, (COPY, "near"))]))

    assert (result.found, result.total) == (1, 3)
    assert result.by_edit["mirror"] == (1, 1)
    assert result.by_edit["trim"] == (0, 1)
    assert ("a-late.mp4", "a.mp4") in result.missed
    assert result.linked == (2, 3)


def test_trims_that_meet_in_part_are_found_when_told_as_overlap() -> None:
    result = score(library(EARLY, LATE), Claims.of([group(EARLY, (LATE, "overlap"))]))

    assert (result.found, result.total) == (1, 1)


def test_a_whole_copy_told_as_overlap_is_missed() -> None:
    result = score(library(PLAIN, COPY), Claims.of([group(PLAIN, (COPY, "overlap"))]))

    assert result.found == 0


def test_another_film_in_a_group_is_false_with_every_member() -> None:
    claims = Claims.of([group(PLAIN, (COPY, "near"), (OTHER, "near"))])

    result = score(library(PLAIN, COPY, OTHER), claims)

    assert result.false == (("a-copy.mp4", "b.mp4"), ("a.mp4", "b.mp4"))
    assert result.false_hard_negatives == result.false


def test_trims_that_do_not_meet_may_share_the_group_of_their_film() -> None:
    claims = Claims.of([group(PLAIN, (EARLY, "contains"), (END, "contains"))])

    assert score(library(PLAIN, EARLY, END), claims).false == ()


def test_an_overlap_of_films_that_share_footage_is_not_made_up() -> None:
    first, second = (
        replace(OTHER, file=name, shares_footage_with=frozenset({"x.mp4", "y.mp4"} - {name}))
        for name in ("x.mp4", "y.mp4")
    )
    stranger = replace(OTHER, file="z.mp4")
    claims = Claims.of([group(first, (second, "overlap")), group(first, (stranger, "overlap"))])

    assert score(library(first, second, stranger), claims).false_overlaps == (("x.mp4", "z.mp4"),)


@pytest.mark.parametrize(
    ("told", "right"),
    [
        (Overlap(a=(0, 4), b=(4.2, 8.2), speed=1.0), True),
        (Overlap(a=(0, 4), b=(0, 4), speed=1.0), False),
        (Overlap(a=(0, 4), b=(4, 8), speed=1.1), False),
    ],
)
def test_seconds_that_are_told_are_checked(told: Overlap, right: bool) -> None:
    claims = Claims.of([group(PLAIN, (LATE, "contains"), seconds=told)])

    result = score(library(PLAIN, LATE), claims)

    assert result.offsets == (int(right), 1)
    assert len(result.wrong_offsets) == 1 - right


def test_a_faster_copy_is_expected_at_its_speed() -> None:
    fast = replace(PLAIN, file="a-fast.mp4", relation="speed", speed=1.1)
    told = Overlap(a=(0, 10), b=(0, 11), speed=1.1)

    result = score(library(PLAIN, fast), Claims.of([group(PLAIN, (fast, "near"), seconds=told)]))

    assert result.offsets == (1, 1)


def test_a_truth_of_sources_and_variants_is_read_like_a_manifest(tmp_path: Path) -> None:
    rows = [("A.orig", "orig", 0, 1), ("A.trim5", "trim5", 5, 1), ("A.intro8", "intro8", -8, 1)]
    (tmp_path / "media").mkdir()
    for name, *_ in rows:
        (tmp_path / "media" / f"{name}.mp4").touch()
    lines = [
        {"path": f"made/media/{name}.mp4", "source": "A", "variant": variant, "offset": offset,
         "speed": speed}
        for name, variant, offset, speed in rows
    ]  # fmt: skip
    (tmp_path / "truth.json").write_text(json.dumps(lines))

    media = read_manifest(tmp_path)

    original, trim, intro = (media[f"media/{name}.mp4"] for name, *_ in rows)
    assert original.relation == "original"
    assert (trim.family, trim.relation, trim.offset) == ("A", "trim5", 5.0)
    assert judge(original, trim) == judge(original, intro) == "same"
    assert judge(trim, intro) == "apart"


def test_a_truth_that_names_files_from_the_root_on_is_read_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    line = {"path": str(tmp_path / "a.mp4"), "source": "A", "variant": "orig", "offset": 0}
    (tmp_path / "truth.json").write_text(json.dumps([{**line, "speed": 1}]))

    assert list(read_manifest(tmp_path)) == ["a.mp4"]


def test_a_manifest_needs_no_more_than_files_and_families(tmp_path: Path) -> None:
    lines = [{"file": "a.mp4", "family": "a"}, {"file": "b.mp4", "family": "a"}]
    (tmp_path / "manifest.json").write_text(json.dumps([*lines, {"file": "c.mp4"}]))

    media = read_manifest(tmp_path)

    assert judge(media["a.mp4"], media["b.mp4"]) == "same"
    assert judge(media["a.mp4"], media["c.mp4"]) == "different"


def test_claims_are_counted_by_the_confidence_they_were_given() -> None:
    claims = Claims.of([group(PLAIN, (COPY, "near"), (OTHER, "near"))])
    pairs = sorted(claims.acting)
    sure = replace(claims, confidence=dict(zip(pairs, (0.97, 0.96, 0.5), strict=True)))

    result = score(library(PLAIN, COPY, OTHER), sure)

    # a-copy = a and a-copy = b stand in the highest band, a = b in the lowest.
    assert result.reliability["0.95 to 1"] == (1, 2)
    assert result.reliability["below 0.80"] == (0, 1)


def test_the_seconds_of_an_unknown_overlap_are_told() -> None:
    seconds = Overlap(a=(0, 12), b=(3, 15), speed=1)
    claims = Claims.of([group(PLAIN, (OTHER, "overlap"), seconds=seconds)])

    (told,) = score(library(PLAIN, OTHER), claims).shared_seconds

    assert told == "b.mp4 in a.mp4: 0.0-12.0 at 3.0-15.0"
