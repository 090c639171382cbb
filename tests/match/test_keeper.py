"""Which copy is kept: the rules in order, the first difference decides."""

from dataclasses import replace

import pytest

from autodedup.engine.match.filenames import readability
from autodedup.engine.match.keeper import KEEP_RULES, FileFacts, choose_keeper, in_order
from autodedup.schemas.vocabulary import KeepRule

FILM = FileFacts(
    file_id=1,
    path="holiday/beach.mp4",
    protected=False,
    width=1920,
    height=1080,
    codec="h264",
    bitrate_bps=8_000_000,
    size_bytes=60_000_000,
    seconds=60.0,
)


@pytest.mark.parametrize(
    ("rule", "worse"),
    [
        ("protected", {}),
        ("resolution", {"width": 1280, "height": 720}),
        ("bitrate", {"bitrate_bps": 4_000_000}),
        ("size", {"size_bytes": 59_999_999}),
        ("name", {"path": "holiday/beach (1).mp4"}),
    ],
)
def test_the_rule_that_finds_a_difference_decides_and_is_told(
    rule: KeepRule, worse: dict[str, object]
) -> None:
    better = replace(FILM, protected=rule == "protected")
    other = replace(FILM, file_id=2, **worse)  # type: ignore[arg-type]

    for files in ([better, other], [other, better]):
        choice = choose_keeper(files)
        assert (choice.keeper, choice.rule) == (better, rule)


def test_an_earlier_rule_outweighs_every_later_one() -> None:
    small = replace(
        FILM, file_id=2, protected=True, width=320, height=240, bitrate_bps=1, size_bytes=1
    )

    assert choose_keeper([FILM, small]).keeper == small


@pytest.mark.parametrize("codec", ["hevc", "vp9", "av1"])
def test_a_newer_codec_at_half_the_rate_is_not_worse(codec: str) -> None:
    packed = replace(
        FILM, file_id=2, codec=codec, bitrate_bps=4_000_000, size_bytes=60_000_001, path="b/x.mp4"
    )

    assert choose_keeper([FILM, packed]).keeper == packed


def test_an_old_codec_at_a_higher_rate_is_not_better() -> None:
    old = replace(FILM, file_id=2, codec="mpeg4", bitrate_bps=10_000_000, size_bytes=80_000_000)

    assert choose_keeper([FILM, old]).keeper == FILM


def test_a_bitrate_that_is_not_said_is_worked_out() -> None:
    silent = replace(FILM, file_id=2, bitrate_bps=None, size_bytes=30_000_000)

    choice = choose_keeper([FILM, silent])

    assert (choice.keeper, choice.rule) == (FILM, "bitrate")


def test_bars_around_a_film_are_no_picture() -> None:
    bordered = replace(FILM, file_id=2, width=2560, height=1440, shown_share=0.5)

    choice = choose_keeper([FILM, bordered])

    assert (choice.keeper, choice.rule) == (FILM, "resolution")


def test_where_bars_end_is_not_known_so_well_that_it_could_decide() -> None:
    letterboxed = replace(FILM, shown_share=0.75)
    other = replace(letterboxed, file_id=2, shown_share=0.76, bitrate_bps=4_000_000)

    choice = choose_keeper([letterboxed, other])

    assert (choice.keeper, choice.rule) == (letterboxed, "bitrate")
    assert in_order([letterboxed, other]) is None


def test_a_crop_has_not_the_largest_picture_however_many_pixels_it_has() -> None:
    crop = replace(FILM, file_id=2, width=2160, height=3840, cropped=True)

    choice = choose_keeper([FILM, crop])

    assert (choice.keeper, choice.rule) == (FILM, "resolution")
    assert in_order([crop, FILM]) == [FILM, crop]


def test_of_a_film_within_another_only_the_inset_counts() -> None:
    around = replace(FILM, file_id=2, width=2560, height=1440, inset_share=0.3)

    choice = choose_keeper([FILM, around])

    assert (choice.keeper, choice.rule) == (FILM, "resolution")


def test_without_bars_the_least_difference_in_size_decides() -> None:
    smaller = replace(FILM, file_id=2, height=1072, bitrate_bps=9_000_000)

    assert choose_keeper([FILM, smaller]).rule == "resolution"


def test_the_order_of_the_rules_can_be_changed() -> None:
    larger = replace(FILM, file_id=2, width=1280, height=720, size_bytes=70_000_000)

    assert choose_keeper([FILM, larger], ("size", "resolution")).keeper == larger


def test_files_without_any_difference_are_told_apart_by_id() -> None:
    twin = replace(FILM, file_id=2)

    choice = choose_keeper([twin, FILM])

    assert (choice.keeper, choice.rule) == (FILM, None)


def test_a_single_file_needs_no_rule() -> None:
    assert choose_keeper([FILM]).rule is None


def test_there_is_no_keeper_among_no_files() -> None:
    with pytest.raises(ValueError, match="no file to keep"):
        choose_keeper([], KEEP_RULES)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("Anna's wedding.mp4", "Anna's wedding (1).mp4"),
        ("Anna's wedding.mp4", "Anna's wedding - Copie.mp4"),
        ("Anna's wedding.mp4", "Copy of Anna's wedding.mp4"),
        ("Anna's wedding.mp4", "Anna's wedding copy.mp4"),
        ("Anna's wedding.mp4", "IMG_2041.mp4"),
        ("Anna's wedding.mp4", "VID_20240611_101500.mp4"),
        ("Anna's wedding.mp4", "0f8fad5b-d9cb-469f-a165-70867728950e.mp4"),
        ("Anna's wedding.mp4", "d41d8cd98f00b204e9800998ecf8427e.mp4"),
        ("Anna's wedding.mp4", "videoplayback.mp4"),
        ("Anna's wedding.mp4", "20240611.mp4"),
        ("Anna's wedding in Lyon.mp4", "Anna.mp4"),
        ("IMG_2041.mp4", "IMG_2041 (1).mp4"),
        ("wedding.mp4", "backup/old/wedding.mp4"),
        ("結婚式.mp4", "MVI_0001.mp4"),
    ],
)
def test_the_name_that_tells_a_person_more_comes_first(better: str, worse: str) -> None:
    assert readability(better) < readability(worse)


@pytest.mark.parametrize(
    "name", ["Copenhagen.mp4", "Videodrome.mp4", "Moving house.mp4", "Photocopier.mp4"]
)
def test_a_word_that_only_looks_like_a_mark_is_no_mark(name: str) -> None:
    assert readability(name)[:2] == (0, 0)
