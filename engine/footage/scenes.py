"""Moving pictures out of a seed: one shot of each kind that a library holds.

A shot takes a generator, a size and the instants to show (seconds from its start) and returns
its frames. It asks the generator for the same numbers whatever the size and the instants, so
one seed is one shot at any resolution and frame rate.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from autodedup.engine.footage.grounds import Picture, Size, collage, colour, font, ground, word

Frames = NDArray[np.uint8]  # (frames, height, width, 3), RGB
Instants = NDArray[np.float64]  # (frames,), seconds from the start of the shot
SceneKind = Literal["pan", "sprites", "card", "talk", "night", "test_card"]

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # BT.601


def render_shot(kind: SceneKind, seed: tuple[int, ...], size: Size, instants: Instants) -> Frames:
    """Return the shot `kind` of this seed: (len(instants), height, width, 3) of uint8 RGB."""
    return _SHOTS[kind](np.random.default_rng(seed), size, instants)


def talk(
    room: np.random.Generator, person: np.random.Generator, size: Size, instants: Instants
) -> Frames:
    """Return a person speaking before a camera that does not move.

    Two people in one room are the hardest pair for a matcher: nearly every pixel agrees.
    """
    backdrop = collage(room, size)
    cast = _Person.drawn_from(person)
    return np.stack([_speaking(backdrop, cast, float(at)) for at in instants])


@dataclass(frozen=True, slots=True)
class _Sprite:
    """A thing that crosses the picture; places and speeds in picture widths and heights."""

    place: tuple[float, float]
    speed: tuple[float, float]
    radius: float
    fill: tuple[int, int, int]
    round: bool

    @classmethod
    def drawn_from(cls, rng: np.random.Generator) -> "_Sprite":
        x, y, dx, dy = rng.uniform((0, 0, -0.25, -0.2), (1, 1, 0.25, 0.2))
        return cls((x, y), (dx, dy), rng.uniform(0.05, 0.14), colour(rng), bool(rng.integers(2)))

    def draw(self, pen: ImageDraw.ImageDraw, size: Size, at: float) -> None:
        width, height = size
        x = (self.place[0] + self.speed[0] * at) % 1 * width
        y = (self.place[1] + self.speed[1] * at) % 1 * height
        reach = self.radius * height
        box = (x - reach, y - reach, x + reach, y + reach)
        if self.round:
            pen.ellipse(box, fill=self.fill)
        else:
            pen.rectangle(box, fill=self.fill)


def _drawn(picture: Image.Image, sprites: tuple[_Sprite, ...], at: float) -> Picture:
    pen = ImageDraw.Draw(picture)
    for sprite in sprites:
        sprite.draw(pen, picture.size, at)
    return np.asarray(picture)


def _camera(
    sheet: Image.Image, size: Size, centre: tuple[float, float], share: float, degrees: float
) -> Image.Image:
    """Return what a camera sees of a sheet: `share` of its width, turned by `degrees`."""
    step = share * sheet.width / size[0]
    cosine, sine = step * np.cos(np.radians(degrees)), step * np.sin(np.radians(degrees))
    x, y = centre[0] * sheet.width, centre[1] * sheet.height
    half_width, half_height = size[0] / 2, size[1] / 2
    matrix = (
        cosine, -sine, x - cosine * half_width + sine * half_height,
        sine, cosine, y - sine * half_width - cosine * half_height,
    )  # fmt: skip
    return sheet.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)


def _pan(rng: np.random.Generator, size: Size, instants: Instants) -> Frames:
    """Move and zoom a camera over a collage half as large again, with things passing by."""
    sheet = Image.fromarray(collage(rng, (size[0] * 3 // 2, size[1] * 3 // 2)))
    start, drift = rng.uniform(0.42, 0.58, 2), rng.uniform(-0.035, 0.035, 2)
    share, zoom = rng.uniform(0.6, 0.75), rng.uniform(-0.03, 0.03)
    tilt, turn = rng.uniform(-3, 3), rng.uniform(-1, 1)
    sprites = tuple(_Sprite.drawn_from(rng) for _ in range(int(rng.integers(1, 4))))
    frames = []
    for at in instants.tolist():
        x, y = np.clip(start + drift * at, 0.4, 0.6).tolist()
        seen = _camera(
            sheet, size, (x, y), float(np.clip(share + zoom * at, 0.5, 0.8)), tilt + turn * at
        )
        frames.append(_drawn(seen, sprites, at))
    return np.stack(frames)


def _sprites(rng: np.random.Generator, size: Size, instants: Instants) -> Frames:
    """Let things cross a ground that slides by."""
    width, height = size
    ground_seen = ground(rng, (width * 5 // 4, height))
    slide = rng.uniform(0.02, 0.05)
    sprites = tuple(_Sprite.drawn_from(rng) for _ in range(int(rng.integers(4, 9))))
    room = ground_seen.shape[1] - width
    frames = []
    for at in instants.tolist():
        left = min(room, int(slide * at * width))
        still = Image.fromarray(np.ascontiguousarray(ground_seen[:, left : left + width]))
        frames.append(_drawn(still, sprites, at))
    return np.stack(frames)


def _card(rng: np.random.Generator, size: Size, instants: Instants) -> Frames:
    """Write a title, line by line, over a calm ground."""
    height = size[1]
    backdrop = (ground(rng, size, "gradient") // 2).astype(np.uint8)
    lines = [" ".join(word(rng) for _ in range(2)) for _ in range(3)]
    ink, left = colour(rng), rng.uniform(0.05, 0.3)
    letters = font(height * 0.12)
    bright = tuple(max(150, value) for value in ink)
    frames = []
    for at in instants.tolist():
        sheet = Image.fromarray(backdrop)
        pen = ImageDraw.Draw(sheet)
        for number, line in enumerate(lines):
            shown = line[: max(0, int((at + 0.4 - number * 0.7) * 16))]
            place = (size[0] * (left + 0.01 * at), height * (0.2 + 0.2 * number))
            pen.text(place, shown, fill=bright, font=letters)
        frames.append(np.asarray(sheet))
    return np.stack(frames)


@dataclass(frozen=True, slots=True)
class _Person:
    """What is told of someone who speaks; lengths in picture heights."""

    skin: tuple[int, int, int]
    hair: tuple[int, int, int]
    coat: tuple[int, int, int]
    place: float
    head: float
    sway: float
    pace: float
    phase: float

    @classmethod
    def drawn_from(cls, rng: np.random.Generator) -> "_Person":
        place, head, sway, pace, phase = rng.uniform(
            (0.35, 0.14, 0.02, 0.6, 0.0), (0.65, 0.2, 0.07, 1.8, 6.0)
        ).tolist()
        return cls(colour(rng), colour(rng), colour(rng), place, head, sway, pace, phase)


def _speaking(backdrop: Picture, person: _Person, at: float) -> Picture:
    sheet = Image.fromarray(backdrop)
    pen = ImageDraw.Draw(sheet)
    width, height = sheet.size
    beat = person.pace * at * 2 * np.pi + person.phase
    x = person.place * width + person.sway * height * np.sin(beat * 0.4)
    y = height * (0.42 + 0.02 * np.sin(beat * 0.7))
    head = person.head * height
    hand = height * (0.75 + 0.12 * np.sin(beat))
    pen.ellipse((x - 2.2 * head, y + head, x + 2.2 * head, y + 7 * head), fill=person.coat)
    pen.ellipse((x - head, y - 1.4 * head, x + head, y + head), fill=person.hair)
    pen.ellipse((x - 0.8 * head, y - head, x + 0.8 * head, y + 1.2 * head), fill=person.skin)
    for side in (-1, 1):
        eye = x + side * 0.32 * head
        pen.ellipse((eye - head / 9, y - head / 6, eye + head / 9, y), fill=(20, 20, 30))
        reach = x + side * 2 * head
        pen.ellipse((reach - head / 3, hand, reach + head / 3, hand + head / 1.5), fill=person.skin)
    gape = head * (0.08 + 0.16 * abs(np.sin(beat * 1.7)))
    mouth = (x - head / 3, y + 0.6 * head - gape, x + head / 3, y + 0.6 * head + gape)
    pen.ellipse(mouth, fill=(90, 20, 30))
    return np.asarray(sheet)


def _talk(rng: np.random.Generator, size: Size, instants: Instants) -> Frames:
    return talk(rng, rng, size, instants)


def _night(rng: np.random.Generator, size: Size, instants: Instants) -> Frames:
    """Show a moving scene at a mean luma of about 20, with a few lights in it."""
    dim = (_pan(rng, size, instants) // 12 + 8).astype(np.uint8)
    lights = tuple(
        _Sprite((x, y), (dx, dy), 0.012, (210, 190, 120 + 10 * number), round=True)
        for number, (x, y, dx, dy) in enumerate(
            rng.uniform((0, 0, -0.2, -0.05), (1, 1, 0.2, 0.05), (5, 4)).tolist()
        )
    )
    pairs = zip(dim, instants.tolist(), strict=True)
    return np.stack([_drawn(Image.fromarray(frame), lights, at) for frame, at in pairs])


def _test_card(rng: np.random.Generator, size: Size, instants: Instants) -> Frames:
    """Show colour bars that stand still: the same for every seed."""
    del rng
    width, height = size
    bars = np.array([[(i & 2) and 191, (i & 4) and 191, (i & 1) and 191] for i in range(7, -1, -1)])
    card = bars[np.arange(width) * 8 // width].astype(np.uint8)[None].repeat(height, axis=0)
    ramp = np.linspace(0, 255, width).astype(np.uint8)
    card[height * 3 // 4 :] = ramp[None, :, None]
    return np.broadcast_to(card, (len(instants), *card.shape)).copy()


_SHOTS: dict[SceneKind, Callable[[np.random.Generator, Size, Instants], Frames]] = {
    "pan": _pan,
    "sprites": _sprites,
    "card": _card,
    "talk": _talk,
    "night": _night,
    "test_card": _test_card,
}
