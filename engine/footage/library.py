"""A small library as people keep one: originals, copies of every sort, a broken file, others.

The demo shows it and tests search it; `Made.duplicate_of` says what ought to be found.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from autodedup.engine.footage import file_edits, picture_edits, time_edits
from autodedup.engine.footage.encode import H264, HEVC, VP9, Encoding, encode
from autodedup.engine.footage.film import Film, render_film
from autodedup.schemas.vocabulary import Kind


@dataclass(frozen=True, slots=True)
class Made:
    """One file that was written. `relation` is towards the file named by `duplicate_of`.

    `path` and `duplicate_of` are relative to the library's folder, with forward slashes.
    """

    path: str
    what: str
    duplicate_of: str | None = None
    relation: Kind | None = None
    broken: bool = False


_HOLIDAY, _WALK = "holiday/harbour.mp4", "camera/walk.mkv"


def render_demo_library(folder: Path) -> list[Made]:
    """Write a dozen small films with sound into `folder` and return what they are."""
    folder.mkdir(parents=True, exist_ok=True)
    return [
        *_holiday(folder, render_film(11, size=(480, 270), seconds=12, fps=24)),
        *_walk(folder, render_film(12, seconds=10, fps=25, scenes=("pan", "sprites", "talk"))),
        *_unrelated(folder),
    ]


def _holiday(folder: Path, film: Film) -> list[Made]:
    """An original, and what becomes of it when it is sent around."""
    source = _film(folder, _HOLIDAY, film, replace(H264, quality=20))
    smaller = replace(film, frames=picture_edits.resized(film.frames, (320, 180)))
    boxed = replace(smaller, frames=picture_edits.padded(smaller.frames, ends=1 / 6))
    file_edits.copied(source, _place(folder, "holiday/harbour (1).mp4"))
    file_edits.remuxed(source, _place(folder, "backup/harbour.mkv"))
    _film(folder, "phone/VID-20240704.mp4", film, replace(H264, quality=34))
    _film(folder, "phone/harbour_small.webm", smaller, VP9)
    _film(folder, "shared/harbour_tv.mp4", boxed, HEVC)
    _film(folder, "shared/harbour_clip.mp4", time_edits.trimmed(film, 3.375, 9.5))
    return [
        Made(_HOLIDAY, "the original, H.264"),
        Made("holiday/harbour (1).mp4", "an exact copy", _HOLIDAY, "exact"),
        Made("backup/harbour.mkv", "a remux into Matroska", _HOLIDAY, "same_stream"),
        Made("phone/VID-20240704.mp4", "re-encoded at low quality", _HOLIDAY, "near"),
        Made("phone/harbour_small.webm", "resized, VP9/WebM", _HOLIDAY, "near"),
        Made("shared/harbour_tv.mp4", "letterboxed, HEVC", _HOLIDAY, "near"),
        Made("shared/harbour_clip.mp4", "a trim of six seconds", _HOLIDAY, "contains"),
    ]


def _walk(folder: Path, film: Film) -> list[Made]:
    """A second original in HEVC, sent on once, and once cut off in the middle of a download."""
    _film(folder, _WALK, film, replace(HEVC, suffix=".mkv"))
    _film(folder, "phone/walk.mp4", film, replace(H264, quality=30))
    whole = _film(folder, "downloads/walk.mp4", film)
    cut = whole.with_name("walk.part.mp4")
    file_edits.truncated(whole, cut)
    cut.replace(whole)
    return [
        Made(_WALK, "another original, HEVC/Matroska"),
        Made("phone/walk.mp4", "re-encoded as H.264", _WALK, "near"),
        Made("downloads/walk.mp4", "half a download: broken", broken=True),
    ]


def _unrelated(folder: Path) -> list[Made]:
    _film(folder, "camera/garden.mp4", render_film(13, seconds=8, fps=25))
    _film(folder, "camera/night.webm", render_film(14, seconds=8, fps=24), VP9)
    return [
        Made("camera/garden.mp4", "unrelated"),
        Made("camera/night.webm", "unrelated, VP9/WebM"),
    ]


def _film(folder: Path, name: str, film: Film, encoding: Encoding = H264) -> Path:
    place = _place(folder, name)
    encode(film, place, encoding)
    return place


def _place(folder: Path, name: str) -> Path:
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    return place
