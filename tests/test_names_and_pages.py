"""Hostile names are shown harmlessly, and pages come back where they were left."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodedup.engine.errors import CursorExpiredError
from autodedup.engine.names import LONGEST_SHOWN, from_bytes, shown, to_bytes
from autodedup.engine.paging import fitting, read_cursor, write_cursor


@given(st.binary(max_size=255))
def test_any_name_on_a_disk_is_kept_and_shown_as_printable_text(name: bytes) -> None:
    kept = from_bytes(name)
    assert to_bytes(kept) == name
    text = shown(kept)
    odd = {character for character in text if not character.isprintable()}
    assert all(unicodedata.category(c) == "Zs" or c in "\u200c\u200d" for c in odd)
    assert len(text) <= LONGEST_SHOWN
    json.dumps(text).encode("utf-8")
    text.encode("utf-8")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("a\nb.mp4", "a\\x0ab.mp4"),
        ("\x1b[31mred.mp4", "\\x1b[31mred.mp4"),
        ("evil\u202e4pm.exe", "evil\\u202e4pm.exe"),
        ("caf\udcc3.mp4", "caf\\xc3.mp4"),
        ("\u0380 \U000e0001.mp4", "\\u0380 \\U000e0001.mp4"),
        ("👩\u200d👧 holiday.mp4", "👩\u200d👧 holiday.mp4"),
        ("größe und 日本.mkv", "größe und 日本.mkv"),
    ],
)
def test_what_could_disguise_a_name_is_spelled_out(name: str, told: str) -> None:
    assert shown(name) == told


def test_a_long_name_keeps_both_ends() -> None:
    text = shown("a" * 500 + ".mp4")
    assert text.startswith("aaa")
    assert text.endswith(".mp4")
    assert "…" in text


@given(st.integers(1, 10**9), st.integers(0, 10**9))
def test_a_cursor_comes_back_as_it_was(number: int, place: int) -> None:
    assert read_cursor(write_cursor(f"r{number}", place), "r") == (number, place)


@pytest.mark.parametrize("cursor", ["", "x", "%%%", "é", write_cursor("p3", 4), "cjEuMg" * 9])
def test_what_is_not_a_cursor_of_this_list_is_refused(cursor: str) -> None:
    with pytest.raises(CursorExpiredError):
        read_cursor(cursor, "r")


@given(st.lists(st.integers(1, 500)), st.integers(1, 2000))
def test_a_page_fits_its_budget_but_is_never_empty(weights: list[int], budget: int) -> None:
    count = fitting(weights, budget)
    assert count == len(weights) or sum(weights[: count + 1]) + count + 1 > budget
    assert count >= min(1, len(weights))
    if count > 1:
        assert sum(weights[:count]) + count <= budget
