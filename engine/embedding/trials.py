"""The edits that the network is measured on; none of this code takes part in training.

Each takes frames (n, H, W, 3) uint8 RGB, frames of an unrelated film and a generator, and returns
frames of any size. What it returns is saved once more with loss before it is looked at.
"""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

from autodedup.engine.footage import picture_edits
from autodedup.engine.footage.picture_edits import cropped, graded, padded, resized
from autodedup.engine.footage.scenes import Frames

Trial = Callable[[Frames, Frames, np.random.Generator], Frames]
_LINES = ("We should not have come here.", "It is only the wind.", "Then close the window!")


def saved_again(frames: Frames, quality: int) -> Frames:
    """Return the frames as JPEG of this quality keeps them."""
    kept = []
    for frame in frames:
        Image.fromarray(frame).save(file := io.BytesIO(), "JPEG", quality=quality)
        kept.append(np.asarray(Image.open(file)))
    return np.stack(kept)


def _plain(change: Callable[[Frames], Frames]) -> Trial:
    return lambda frames, _, __: change(frames)


def _corner(share: float) -> Trial:
    """Keep `share` of width and height, at a place drawn by lot."""

    def change(frames: Frames, _: Frames, rng: np.random.Generator) -> Frames:
        x, y = rng.uniform(0, 1 - share, 2)
        return cropped(frames, x, y, x + share, y + share)

    return change


def _mirrored_corner(frames: Frames, other: Frames, rng: np.random.Generator) -> Frames:
    return picture_edits.mirrored(_corner(0.7)(frames, other, rng))


def _between_bars(share: float) -> Callable[[Frames], Frames]:
    """Squeeze nothing away: the whole picture, in `share` of the width, before its blurred self."""

    def change(frames: Frames) -> Frames:
        height, width = frames.shape[1:3]
        canvas = resized(resized(frames, (14, 8)), (int(width / share), height))
        left = (canvas.shape[2] - width) // 2
        canvas[:, : frames.shape[1], left : left + width] = frames[:, : canvas.shape[1]]
        return canvas

    return change


def _over(frames: Frames, other: Frames, _: np.random.Generator) -> Frames:
    """Lay a third of another film over the lower right corner."""
    height, width = frames.shape[1:3]
    small = resized(other, (width // 3, height // 3))
    result = frames.copy()
    picked = small[np.arange(len(frames)) % len(small)]
    result[:, -picked.shape[1] - 6 : -6, -picked.shape[2] - 6 : -6] = picked
    return result


def _inside(frames: Frames, other: Frames, _: np.random.Generator) -> Frames:
    return picture_edits.inside(frames, resized(other, frames.shape[2:0:-1]), share=0.55)


def _blurred(frames: Frames) -> Frames:
    soft = ImageFilter.GaussianBlur(frames.shape[1] / 90)
    return np.stack([np.asarray(Image.fromarray(frame).filter(soft)) for frame in frames])


def _tinted(frames: Frames) -> Frames:
    tinted: Frames = np.clip(frames * np.array([1.15, 0.95, 0.75]), 0, 255).astype(np.uint8)
    return tinted


def _combed(frames: Frames) -> Frames:
    """Move every other line by 2 % of the width: two fields, a fiftieth of a second apart."""
    result = frames.copy()
    result[:, 1::2] = np.roll(frames[:, 1::2], frames.shape[2] // 50, axis=2)
    return result


TRIALS: dict[str, Trial] = {
    "low quality": _plain(lambda frames: saved_again(frames, 12)),
    "small": _plain(lambda frames: resized(frames, (112, 64))),
    "stretch": _plain(lambda frames: resized(frames, (240, 180))),
    "mirror": _plain(picture_edits.mirrored),
    "quarter turn": _plain(picture_edits.quarter_turned),
    "half turn": _plain(picture_edits.half_turned),
    "crop, centre 80 %": _plain(lambda frames: cropped(frames, 0.1, 0.1, 0.9, 0.9)),
    "crop, anywhere 70 %": _corner(0.7),
    "crop, anywhere 55 %": _corner(0.55),
    "crop, anywhere 40 %": _corner(0.4),
    "crop, anywhere 30 %": _corner(0.3),
    "crop 70 %, mirrored": _mirrored_corner,
    "tall 9:16": _plain(picture_edits.tall),
    "letterbox": _plain(lambda frames: padded(frames, ends=1 / 6)),
    "pillarbox": _plain(lambda frames: padded(frames, sides=0.16)),
    "border": _plain(lambda frames: padded(frames, sides=0.1, ends=0.14, fill=(190, 30, 60))),
    "wide border": _plain(lambda frames: padded(frames, sides=0.3, ends=0.3, fill=(240,) * 3)),
    "blurred bars, tall crop": _plain(picture_edits.between_blurred_bars),
    "blurred bars, 56 % wide": _plain(_between_bars(0.5625)),
    "blurred bars, 32 % wide": _plain(_between_bars(0.316)),
    "in another picture": _inside,
    "another picture over it": _over,
    "logo": _plain(picture_edits.with_logo),
    "subtitles": _plain(lambda frames: picture_edits.with_subtitles(frames, _LINES, each=1)),
    "grey": _plain(picture_edits.grey),
    "brighter": _plain(lambda frames: graded(frames, gain=0.85, lift=45)),
    "darker": _plain(lambda frames: graded(frames, gain=0.55)),
    "gamma": _plain(lambda frames: graded(frames, gamma=0.55)),
    "tint": _plain(_tinted),
    "blur": _plain(_blurred),
    "grain": lambda frames, _, rng: picture_edits.grained(frames, rng, strength=20),
    "interlace": _plain(_combed),
    "fade, half": _plain(lambda frames: graded(frames, gain=0.45, lift=6)),
}
"""Edits by name. Shares of crops are of width and height: 55 % of each is 30 % of the area."""
