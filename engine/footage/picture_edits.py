"""What people do to the pictures of a film: each takes frames and returns new ones.

Frames are (n, height, width, 3) of uint8 RGB. Results always have even sizes, as encoders need.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from autodedup.engine.footage.grounds import Picture, Size, font
from autodedup.engine.footage.scenes import LUMA, Frames

_BLACK = (0, 0, 0)


def resized(frames: Frames, size: Size) -> Frames:
    """Scale to width and height, whatever the shape was."""
    even = (size[0] // 2 * 2, size[1] // 2 * 2)
    return np.stack([
        np.asarray(Image.fromarray(frame).resize(even, Image.Resampling.BICUBIC))
        for frame in frames
    ])  # fmt: skip


def cropped(frames: Frames, left: float, top: float, right: float, bottom: float) -> Frames:
    """Keep the part between these shares of width and height (0 to 1)."""
    height, width = frames.shape[1:3]
    x, y = int(left * width), int(top * height)
    wide, tall = int((right - left) * width) // 2 * 2, int((bottom - top) * height) // 2 * 2
    return frames[:, y : y + tall, x : x + wide]


def tall(frames: Frames) -> Frames:
    """Keep the middle 9:16 of a wide picture, as for a telephone."""
    height, width = frames.shape[1:3]
    margin = max(0.0, (1 - height * 9 / 16 / width) / 2)
    return cropped(frames, margin, 0, 1 - margin, 1)


def padded(
    frames: Frames,
    *,
    sides: float = 0.0,
    ends: float = 0.0,
    fill: tuple[int, int, int] = _BLACK,
) -> Frames:
    """Add bars: `sides` of the width left and right, `ends` of the height above and below."""
    height, width = frames.shape[1:3]
    x, y = int(width * sides) // 2 * 2, int(height * ends) // 2 * 2
    canvas = np.empty((len(frames), height + 2 * y, width + 2 * x, 3), dtype=np.uint8)
    canvas[:] = fill
    canvas[:, y : y + height, x : x + width] = frames
    return canvas


def mirrored(frames: Frames) -> Frames:
    """Swap left and right."""
    return frames[:, :, ::-1]


def quarter_turned(frames: Frames) -> Frames:
    """Turn by 90 degrees against the clock."""
    return np.rot90(frames, axes=(1, 2))


def half_turned(frames: Frames) -> Frames:
    """Turn upside down."""
    return frames[:, ::-1, ::-1]


def grey(frames: Frames) -> Frames:
    """Take the colour away."""
    luma = np.tensordot(frames, LUMA, axes=([3], [0])).astype(np.uint8)
    return np.repeat(luma[..., None], 3, axis=3)


def graded(frames: Frames, *, gamma: float = 1.0, gain: float = 1.0, lift: float = 0.0) -> Frames:
    """Change gamma, contrast (`gain`) and brightness (`lift`, in levels of 255)."""
    levels = (np.arange(256) / 255) ** gamma * 255 * gain + lift
    curve: NDArray[np.uint8] = np.clip(levels, 0, 255).astype(np.uint8)
    return curve[frames]


def with_logo(frames: Frames, text: str = "KANAL 7") -> Frames:
    """Put a station's sign into the upper right corner."""
    height, width = frames.shape[1:3]
    sign = Image.new("RGBA", (width, height))
    pen = ImageDraw.Draw(sign)
    box = (width * 0.74, height * 0.05, width * 0.96, height * 0.2)
    pen.rounded_rectangle(box, radius=height * 0.03, fill=(250, 200, 20, 235))
    pen.text((box[0] + height * 0.03, box[1]), text, fill=(10, 10, 60, 255), font=font(height / 11))
    return _blended(frames, np.asarray(sign))


def with_subtitles(frames: Frames, lines: tuple[str, ...], *, each: int) -> Frames:
    """Burn lines of text into the lower edge, one after the other, `each` frames long."""
    height, width = frames.shape[1:3]
    parts = []
    for first in range(0, len(frames), each):
        sheet = Image.new("RGBA", (width, height))
        pen = ImageDraw.Draw(sheet)
        place = (width / 2, height * 0.93)
        line = lines[first // each % len(lines)]
        pen.text(
            place, line, fill=(255, 255, 240, 255), font=font(height / 12), anchor="ms",
            stroke_width=max(1, height // 120), stroke_fill=(0, 0, 0, 255),
        )  # fmt: skip
        parts.append(_blended(frames[first : first + each], np.asarray(sheet)))
    return np.concatenate(parts)


def inside(frames: Frames, other: Frames, *, share: float = 0.45) -> Frames:
    """Show a film small, in a corner of another of the same size: picture in picture."""
    height, width = frames.shape[1:3]
    small = resized(frames, (int(width * share), int(height * share)))
    canvas = other[np.arange(len(frames)) % len(other)].copy()
    y, x = int(height * 0.06), int(width * 0.05)
    canvas[:, y : y + small.shape[1], x : x + small.shape[2]] = small
    return canvas


def between_blurred_bars(frames: Frames) -> Frames:
    """Show the middle 9:16 as high as it goes, before a blurred and stretched copy of itself."""
    height, width = frames.shape[1:3]
    narrow = tall(frames)
    coarse = resized(narrow, (16, 10))
    canvas = resized(coarse, (width, height))
    left = (width - narrow.shape[2]) // 2
    canvas[:, :, left : left + narrow.shape[2]] = narrow
    return canvas


def grained(frames: Frames, rng: np.random.Generator, *, strength: float = 12.0) -> Frames:
    """Add film grain with a standard deviation of `strength` levels.

    One sheet of noise is shifted from frame to frame: as good to the eye, and far cheaper.
    """
    height, width = frames.shape[1:3]
    sheet = (rng.standard_normal((height + 64, width + 64, 1)) * strength).astype(np.int16)
    result = np.empty_like(frames)
    for number, (y, x) in enumerate(rng.integers(0, 64, (len(frames), 2)).tolist()):
        noisy = frames[number] + sheet[y : y + height, x : x + width]
        result[number] = np.clip(noisy, 0, 255)
    return result


def combed(frames: Frames) -> Frames:
    """Take every other line from the next frame, as interlaced film looks when shown whole."""
    result = frames.copy()
    result[:-1, 1::2] = frames[1:, 1::2]
    return result


def _blended(frames: Frames, sheet: NDArray[np.uint8]) -> Frames:
    """Lay an RGBA sheet over every frame, touching only the box in which it shows anything."""
    rows, columns = np.nonzero(sheet[..., 3])
    box = (slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))
    alpha = sheet[box][..., 3:].astype(np.float32) / 255
    ink = sheet[box][..., :3] * alpha
    result = frames.copy()
    part: Picture = result[:, box[0], box[1]]
    result[:, box[0], box[1]] = (part * (1 - alpha) + ink).astype(np.uint8)
    return result
