"""The pictures one training run draws from, made once and kept on disk beside its checkpoints."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autodedup.engine.embedding.photographs import photographs
from autodedup.engine.embedding.pictures import Picture, draw

SIDE: Final = 256  # pixels: large enough to keep detail in a crop of a third
_LARGEST = 2400  # pixels of a photograph's longer side; more detail than this is never asked for
_SHARP = 220.0  # pixels: a smaller piece would have to be enlarged
_PLAIN = 6.0  # mean step between neighbouring values, of 255: under it there is nothing to know


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """(N, 256, 256, 3) uint8 RGB, and (N,) int64: pictures of one source may overlap.

    `halves` are the same pictures at half the size, from which most is drawn.
    Sources under `photo_sources` are photographs, the others were drawn.
    """

    pictures: NDArray[np.uint8]
    halves: NDArray[np.uint8]
    sources: NDArray[np.int64]
    photo_sources: int


def make_gallery(
    folder: Path, *, seed: int, photo_folder: Path | None, squares: int, drawn: int
) -> Gallery:
    """Return the gallery kept in `folder`, made first if it is not there.

    Args:
        folder: Where the three arrays are kept.
        seed: Of everything that is drawn by lot.
        photo_folder: Unpacked packages of photographs (see `photographs.fetch`), or none.
        squares: Squares to cut out of each photograph.
        drawn: Pictures of `pictures.draw` to add.
    """
    kept, coarse, labels = (folder / f"{name}.npy" for name in ("pictures", "halves", "sources"))
    if not labels.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = list(photo_squares(photo_folder, seed, squares)) if photo_folder else []
        start = 1 + max((source for _, source in made), default=-1)
        made += [(draw((seed, number), SIDE), start + number) for number in range(drawn)]
        np.save(kept, np.stack([picture for picture, _ in made]))
        np.save(coarse, np.stack([_half(picture) for picture, _ in made]))
        np.save(labels, np.array([source for _, source in made], dtype=np.int64))
    sources = np.load(labels)
    return Gallery(
        np.load(kept, mmap_mode="r"),
        np.load(coarse, mmap_mode="r"),
        sources,
        int(sources.max()) + 1 - drawn,
    )


def photo_squares(folder: Path, seed: int, count: int) -> Iterator[tuple[Picture, int]]:
    """Cut squares of every size out of each photograph; plain ones are left out."""
    subjects: dict[str, int] = {}
    for number, photo in enumerate(photographs(folder)):
        source = subjects.setdefault(photo.subject, len(subjects))
        rng = np.random.default_rng((seed, number))
        with Image.open(photo.path) as opened:
            opened.draft("RGB", (_LARGEST, _LARGEST))
            opened.thumbnail((_LARGEST, _LARGEST), Image.Resampling.BOX)
            sheet = opened.convert("RGB")
        for _ in range(count):
            square = _square(rng, sheet)
            if detail(square) >= _PLAIN:
                yield square, source


def _half(picture: Picture) -> Picture:
    return np.asarray(Image.fromarray(picture).reduce(2))


def detail(picture: Picture) -> float:
    """Return the mean step between values `SIDE / 32` pixels apart, of 255."""
    coarse = picture[:: SIDE // 32, :: SIDE // 32].astype(np.float32)
    steps = np.abs(np.diff(coarse, axis=0)).mean() + np.abs(np.diff(coarse, axis=1)).mean()
    return float(steps / 2)


def _square(rng: np.random.Generator, sheet: Image.Image) -> Picture:
    """Cut out a piece of up to 16:9 and squeeze it square, as a frame is."""
    least = min(1.0, max(0.25, _SHARP / min(sheet.size)))
    height = min(sheet.size) * rng.uniform(least, 1.0)
    width = min(sheet.width, height * rng.uniform(1.0, 16 / 9))
    left, top = rng.uniform(0, sheet.width - width), rng.uniform(0, sheet.height - height)
    box = (left, top, left + width, top + height)
    return np.asarray(sheet.resize((SIDE, SIDE), Image.Resampling.BOX, box=box))
