"""Make a seeded data set of our own films, their edits and hard negatives, with its truth.

    python tests/generate_media_dataset.py OUT [--sources 6] [--seconds 20] [--seed 1]
        [--edits all|mirror,trim,…] [--no-negatives] [--size 320x180] [--fps 24]

OUT/media holds a folder a film; OUT/manifest.json is a list of one object a file:

- `file`, `kind`: path below OUT with forward slashes; always "video".
- `family`: files with the same family show the same; null means unique.
- `relation`: "original", or the name of the edit.
- `offset_s`, `speed`: second t of the file shows second offset + speed * t of the original; null
  where no single line does (a loop).
- `segment_s`: the part of the original that the file holds; null means all of it.
- `adds`: whether the file shows something that is not of the original (an intro, another film).
- `hard_negative_of`: a family, or a group of files that look alike and are not the same.
- `shares_footage_with`: files of the group that share a stretch: an overlap, never a duplicate.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from autodedup.engine.footage.edits import EDITS, Original
from autodedup.engine.footage.encode import encode
from autodedup.engine.footage.film import EDITED, Film, joined, render_film, render_take
from autodedup.engine.footage.scenes import SceneKind
from autodedup.engine.footage.time_edits import backwards

ADDING = {"intro", "concatenation", "picture-in-picture"}
SCENES: tuple[tuple[SceneKind, ...], ...] = (
    EDITED,
    ("sprites", "pan", "card"),
    ("pan", "talk", "sprites"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the manifest."""

    file: str
    family: str | None
    relation: str
    offset_s: float | None = 0.0
    speed: float | None = 1.0
    segment_s: tuple[float, float] | None = None
    adds: bool = False
    hard_negative_of: str | None = None
    shares_footage_with: tuple[str, ...] = ()
    kind: str = "video"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to render: how many films of what length, and which edits of each."""

    sources: int = 6
    seconds: float = 20.0
    seed: int = 1
    edits: tuple[str, ...] = tuple(EDITS)
    negatives: bool = True
    size: tuple[int, int] = (320, 180)
    fps: int = 24

    def film(self, number: int, seconds: float | None = None, scenes: int = 0) -> Film:
        """Return film `number` of this recipe."""
        return render_film(
            self.seed * 1000 + number, size=self.size, fps=self.fps,
            seconds=seconds or self.seconds, scenes=SCENES[scenes % len(SCENES)],
        )  # fmt: skip

    def shots(self, number: int, seconds: float, kind: SceneKind) -> Film:
        """Return a film of one kind of shot."""
        return render_film(
            self.seed * 1000 + number, size=self.size, fps=self.fps, seconds=seconds, scenes=(kind,)
        )

    def take(self, room: int, person: int) -> Film:
        """Return one take before a fixed camera."""
        first = self.seed * 1000
        return render_take(
            first + room, first + person, size=self.size, seconds=self.seconds, fps=self.fps
        )


def generate(folder: Path, recipe: Recipe) -> list[Entry]:
    """Write the media and the manifest into `folder`, and return the manifest's entries."""
    entries = [
        entry for number in range(recipe.sources) for entry in _family(folder, recipe, number)
    ]
    if recipe.negatives:
        entries += _negatives(folder, recipe)
    lines = [asdict(entry) for entry in entries]
    (folder / "manifest.json").write_text(json.dumps(lines, indent=1) + "\n", encoding="utf-8")
    return entries


def _family(folder: Path, recipe: Recipe, number: int) -> Iterator[Entry]:
    """Write one film and its edits."""
    name = f"s{number + 1:02}"
    film = recipe.film(number, scenes=number)
    home = folder / "media" / name
    home.mkdir(parents=True, exist_ok=True)
    path = home / f"{name}.mp4"
    encode(film, path)
    yield Entry(_inside(path, folder), name, "original")
    original = Original(film, path, recipe.seed * 1000 + number)
    for edit_name in recipe.edits:
        edit = EDITS[edit_name]
        target = home / f"{name}.{edit_name}{edit.suffix}"
        timing = edit.write(original, target)
        looped = edit_name == "loop"
        yield Entry(
            _inside(target, folder), name, edit_name,
            offset_s=None if looped else round(timing.offset, 4),
            speed=None if looped else round(timing.speed, 5),
            segment_s=timing.segment, adds=edit_name in ADDING,
        )  # fmt: skip


def _negatives(folder: Path, recipe: Recipe) -> Iterator[Entry]:
    """Write files that look alike and are not the same."""
    intro = recipe.film(500, seconds=4)
    card = recipe.shots(501, 4, "test_card")
    black = Film(np.zeros_like(card.frames), card.fps, np.zeros_like(card.sound))
    groups = {
        "shared-intro": [joined(intro, recipe.film(510 + take)) for take in range(2)],
        "test-card": [joined(card, recipe.film(520 + take)) for take in range(2)],
        "black-start": [joined(black, recipe.film(530 + take)) for take in range(2)],
        "static-camera": [recipe.take(540, 541 + person) for person in range(3)],
        "night": [recipe.shots(550 + take, recipe.seconds, "night") for take in range(3)],
    }
    for group, films in groups.items():
        sharing = group in {"shared-intro", "test-card", "black-start"}
        paths = [folder / "media" / group / f"{group}-{n}.mp4" for n in range(len(films))]
        files = [_inside(path, folder) for path in paths]
        for path, file, film in zip(paths, files, films, strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            encode(film, path)
            others = tuple(other for other in files if other != file) if sharing else ()
            yield Entry(file, None, "original", hard_negative_of=group, shares_footage_with=others)
    if recipe.sources:
        path = folder / "media" / "reversal" / "s01.backwards.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        encode(backwards(recipe.film(0)), path)
        yield Entry(_inside(path, folder), None, "reversed", hard_negative_of="s01")


def _inside(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix()


def _read(argv: Sequence[str] | None) -> tuple[Path, Recipe]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sources", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--edits", default="all", help=f"all, or of: {', '.join(EDITS)}")
    parser.add_argument("--no-negatives", action="store_true")
    parser.add_argument("--size", default="320x180")
    parser.add_argument("--fps", type=int, default=24)
    given = parser.parse_args(argv)
    edits = tuple(EDITS) if given.edits == "all" else tuple(given.edits.split(","))
    if unknown := [name for name in edits if name not in EDITS]:
        parser.error(f"there is no edit {unknown[0]}")
    width, height = (int(side) for side in given.size.split("x"))
    recipe = Recipe(
        given.sources, given.seconds, given.seed, edits,
        negatives=not given.no_negatives, size=(width, height), fps=given.fps,
    )  # fmt: skip
    return given.folder, recipe


if __name__ == "__main__":
    target_folder, asked = _read(None)
    written = generate(target_folder, asked)
    print(f"{len(written)} files and manifest.json in {target_folder}")
