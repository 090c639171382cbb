"""How often a film that lies over another is told from an edit, by how much of it is covered.

    python tests/benchmarks/composites.py VIDEO [VIDEO …]

Looks at a frame a second of the first seconds of each video, lays others over it, of all sizes and
in many places, and draws and writes on it; embeds both and asks `engine.match.laid_over`. Videos
should be strangers to each other. A frame takes some milliseconds; 26 videos take two minutes.
"""

import argparse
import random
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from autodedup.engine.embedding.shapes import shape_of
from autodedup.engine.embedding.storage import to_bytes
from autodedup.engine.embedding.views import embed_views
from autodedup.engine.footage import picture_edits
from autodedup.engine.match.beside import LEAST_FRAMES
from autodedup.engine.match.laid_over import is_laid_over
from autodedup.engine.signature.copy import copy_model, cut_out

Frames = NDArray[np.uint8]  # (n, height, width, 3)
SECONDS, LONGER_SIDE = 14, 400
SIDES = (0.15, 0.2, 0.26, 0.3, 0.36, 0.42, 0.5, 0.6)
PLACES = ((0.04, 0.04), (0.96, 0.04), (0.04, 0.96), (0.96, 0.96), (0.5, 0.95), (0.97, 0.5))
AREAS = (0.0, 0.05, 0.08, 0.1, 0.14, 0.2, 0.3, 1.0)


def look(path: Path) -> Frames:
    """Return a frame a second of the first seconds of a video."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        scale = LONGER_SIDE / max(stream.width, stream.height)
        size = round(stream.width * scale), round(stream.height * scale)
        taken: list[Frames] = []
        for frame in container.decode(stream):
            if (frame.time or 0.0) >= len(taken):
                taken.append(frame.to_ndarray(width=size[0], height=size[1], format="rgb24"))
            if len(taken) == SECONDS:
                break
    return np.stack(taken)


def embedded(frames: Frames) -> NDArray[np.int8]:
    """Return the views of frames as a signature keeps them."""
    shape = shape_of(frames.shape[2], frames.shape[1])
    return to_bytes(embed_views(copy_model(), cut_out(frames, (0.0, 0.0, 1.0, 1.0), shape)))


def over(frames: Frames, other: Frames, side: float, place: tuple[float, float]) -> Frames:
    """Return frames with another film over a share of each side, at a place of 0..1."""
    height, width = frames.shape[1:3]
    small = picture_edits.resized(other, (int(width * side), int(height * side)))
    top, left = (int(room * at) for room, at in zip(
        (height - small.shape[1], width - small.shape[2]), place[::-1], strict=True))  # fmt: skip
    out = frames.copy()
    out[:, top : top + small.shape[1], left : left + small.shape[2]] = small
    return out


def drawn_on(frames: Frames, side: float, place: tuple[float, float]) -> Frames:
    """Return frames with a face of thick lines drawn on them that stands still."""
    height, width = frames.shape[1:3]
    w, h = int(width * side), int(height * side)
    left, top = int((width - w) * place[0]), int((height - h) * place[1])

    def drawn(frame: Frames) -> Frames:
        picture = Image.fromarray(frame)
        pen = ImageDraw.Draw(picture)
        for box in ((0.0, 0.0, 0.4, 0.45), (0.55, 0.0, 0.95, 0.45), (0.1, 0.55, 0.85, 1.0)):
            x0, y0, x1, y1 = box
            at = (left + x0 * w, top + y0 * h, left + x1 * w, top + y1 * h)
            pen.ellipse(at, outline=(0, 0, 0), width=max(3, w // 14))
        return np.asarray(picture)

    return np.stack([drawn(frame) for frame in frames])


def barred(frames: Frames, height: float) -> Frames:
    """Return frames with a dark bar of this height across most of their foot."""
    tall, wide = frames.shape[1:3]
    out = frames.copy()
    band = slice(int(tall * (0.95 - height)), int(tall * 0.95))
    out[:, band, int(wide * 0.1) : int(wide * 0.9)] //= 4
    return out


def trials(films: list[Frames], number: int, chance: random.Random) -> Iterator[tuple[str, Frames]]:
    """Give what is done to one of the films, with a name for each kind."""
    frames = films[number]
    others = [film for place, film in enumerate(films) if place != number]
    for side in SIDES:
        for place in PLACES:
            other = chance.choice(others)
            moving = np.resize(other, (len(frames), *other.shape[1:]))
            covered = int(frames.shape[1] * side) * int(frames.shape[2] * side)
            area = covered / (frames.shape[1] * frames.shape[2])
            low, high = next((low, high) for low, high in pairwise(AREAS) if low <= area < high)
            yield f"a film over {low:4.0%} to {high:4.0%}", over(frames, moving, side, place)
            if side <= 0.36:
                still = other[:1].repeat(len(frames), 0)
                name = f"a still picture over {side**2:4.0%}"
                yield name, over(frames, still, side, place)
                yield f"a drawing {side:4.0%} wide", drawn_on(frames, side, place)
    for height in (0.07, 0.12, 0.16):
        yield f"a bar {height:4.0%} high", barred(frames, height)
    tall, wide = frames.shape[1:3]
    for kept in (0.95, 0.9, 0.8, 0.7):
        x, y = (chance.uniform(0.0, 1.0 - kept) for _ in range(2))
        crop = frames[
            :, int(y * tall) : int((y + kept) * tall), int(x * wide) : int((x + kept) * wide)
        ]
        yield f"a crop to {kept:4.0%}", crop
    yield "noise", picture_edits.grained(frames, np.random.default_rng(number))
    yield "gamma", picture_edits.graded(frames, gamma=0.6)


def main() -> None:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("videos", type=Path, nargs="+")
    films = [film for path in parser.parse_args().videos if len(film := look(path)) >= LEAST_FRAMES]
    chance = random.Random(1)
    told: dict[str, list[bool]] = defaultdict(list)
    for number, frames in enumerate(films):
        rows = embedded(frames)
        for name, changed in trials(films, number, chance):
            told[name].append(is_laid_over(rows, embedded(changed)))
    print(f"{len(films)} videos; taken for another film:")
    for name, answers in sorted(told.items()):
        print(f"{name:<32} {sum(answers):>4} of {len(answers):>4}  {np.mean(answers):.2f}")


if __name__ == "__main__":
    main()
