"""Frames to measure on: films drawn from seeds that no training saw, and films in a folder."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.error import FFmpegError

from autodedup.engine.footage.film import render_film
from autodedup.engine.footage.scenes import Frames, SceneKind

_FIRST_SEED: Final = 7_000_000  # films of training and of tests are drawn from lower ones
_SCENES: tuple[SceneKind, ...] = ("pan", "sprites", "talk", "pan", "card", "sprites")
_TALLEST = 270  # pixels: what is measured shrinks to 96 anyway
_NO_FRAMES: Final = np.empty((0, 2, 2, 3), np.uint8)
_VIDEOS = frozenset({".mp4", ".mkv", ".avi", ".mov", ".webm", ".ogv", ".flv", ".mpg", ".wmv"})


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """Some frames of one film: (n, H, W, 3) uint8 RGB."""

    name: str
    frames: Frames


def drawn_films(count: int, frames: int) -> Iterator[Film]:
    """Draw films, and show each at `frames` instants 1.7 s apart."""
    for number in range(count):
        film = render_film(_FIRST_SEED + number, seconds=1.7 * frames, fps=10, scenes=_SCENES)
        yield Film(f"drawn-{number}", film.frames[5::17][:frames])


def films_in(folder: Path, frames: int) -> Iterator[Film]:
    """Read films from a folder and show each at evenly spaced instants.

    If the folder or its parent has a `manifest.json` that lists `file`, `family`, `relation`,
    `hard_negative_of` and `shares_footage_with`, only one film of a family is read and none that
    shares pictures with another; without it, every file is taken for a film of its own.
    """
    for path in _unrelated(folder):
        try:
            shown = _evenly(path, frames)
        except (FFmpegError, OSError):
            continue  # damaged files are part of any collection; here they tell nothing
        if len(shown):
            yield Film(path.name, shown)


def _unrelated(folder: Path) -> list[Path]:
    manifest = next(
        (place / "manifest.json" for place in (folder, folder.parent)
         if (place / "manifest.json").exists()), None,
    )  # fmt: skip
    if manifest is None:
        return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _VIDEOS)
    chosen = []
    for entry in json.loads(manifest.read_text(encoding="utf-8")):
        alone = entry["family"] is None or entry["relation"] == "original"
        if alone and not entry["hard_negative_of"] and not entry.get("shares_footage_with"):
            path = manifest.parent / entry["file"]
            if path.is_relative_to(folder) and path.suffix.lower() in _VIDEOS:
                chosen.append(path)
    return sorted(chosen)


def every_second(path: Path, most: int = 120) -> Frames:
    """Return a film's frames, one a second; none where it cannot be read."""
    try:
        return _each(path, 1.0, 0.0, most)
    except (FFmpegError, OSError):
        return _NO_FRAMES


def _evenly(path: Path, count: int) -> Frames:
    with av.open(str(path)) as container:
        length = (container.duration or count * av.time_base) / av.time_base
    return _each(path, length / (count + 1), length / (count + 1), count)


def _each(path: Path, step: float, due: float, count: int) -> Frames:
    """Return up to `count` frames, `step` seconds apart, the first at `due`."""
    with av.open(str(path)) as container:
        stream = next(iter(container.streams.video), None)
        if stream is None:
            return _NO_FRAMES  # sound alone, under a film's name
        stream.codec_context.skip_frame = "NONREF"
        shown: list[Frames] = []
        for frame in container.decode(stream):
            if frame.time is None or frame.time < due:
                continue
            scale = min(1.0, _TALLEST / frame.height)
            width, height = (round(side * scale / 2) * 2 for side in (frame.width, frame.height))
            small = frame.reformat(width, height, "rgb24", interpolation="AREA")
            shown.append(small.to_ndarray().astype(np.uint8, copy=False))
            due += step
            if len(shown) == count:
                break
    return np.stack(shown) if shown else _NO_FRAMES
