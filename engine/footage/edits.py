"""The edits by name: what each makes of an original, and how its seconds relate to it.

A second `t` of an edit shows second `offset + speed * t` of the original.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from autodedup.engine.footage import file_edits, picture_edits, time_edits
from autodedup.engine.footage.encode import H264, HEVC, MPEG2, MPEG4_AVI, VP9, Encoding, encode
from autodedup.engine.footage.film import Film, joined, render_film
from autodedup.engine.footage.scenes import Frames

_UNRELATED_FROM = 1_000_000  # seeds from here on are for what is added to a film
_LINES = ("Where does the road go?", "Nobody ever told us.", "Then we shall have to see.")


@dataclass(frozen=True, slots=True)
class Original:
    """A film, the file it was written to, and the seed that its edits draw from."""

    film: Film
    path: Path
    seed: int

    def unrelated(self, number: int, seconds: float) -> Film:
        """Return another film of the same size and rate: a different one for each `number`."""
        seed = _UNRELATED_FROM + 10 * self.seed + number
        return render_film(seed, size=self.film.size, seconds=seconds, fps=self.film.fps)


@dataclass(frozen=True, slots=True)
class Timing:
    """How an edit's seconds relate to the original's, and which of them it holds."""

    offset: float = 0.0
    speed: float = 1.0
    segment: tuple[float, float] | None = None


AS_IT_WAS = Timing()


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit: `write` puts the variant of an original into a file and tells its timing."""

    suffix: str
    write: Callable[[Original, Path], Timing]


def _of_file(suffix: str, change: Callable[[Path, Path], None]) -> Edit:
    def write(original: Original, target: Path) -> Timing:
        change(original.path, target)
        return AS_IT_WAS

    return Edit(suffix, write)


def _of_pictures(change: Callable[[Frames], Frames], encoding: Encoding = H264) -> Edit:
    def write(original: Original, target: Path) -> Timing:
        film = original.film
        encode(replace(film, frames=change(film.frames)), target, encoding)
        return AS_IT_WAS

    return Edit(encoding.suffix, write)


def _of_original(
    change: Callable[[Original], tuple[Film, Timing]], encoding: Encoding = H264
) -> Edit:
    def write(original: Original, target: Path) -> Timing:
        film, timing = change(original)
        encode(film, target, encoding)
        return timing

    return Edit(encoding.suffix, write)


def _as_is(frames: Frames) -> Frames:
    return frames


def _scaled(share: float) -> Callable[[Frames], Frames]:
    def change(frames: Frames) -> Frames:
        height, width = frames.shape[1:3]
        return picture_edits.resized(frames, (int(width * share), int(height * share)))

    return change


def _trim(first: float, last: float) -> Callable[[Original], tuple[Film, Timing]]:
    """Cut to shares of the length, 0.37 s off the full second: samplers at 1 fps slip there."""

    def change(original: Original) -> tuple[Film, Timing]:
        film = original.film
        start = int(first * film.seconds) + 0.37
        end = min(film.seconds, int(last * film.seconds) + 0.37)
        # The cut falls on a frame: tell where it really is.
        start, end = round(start * film.fps) / film.fps, round(end * film.fps) / film.fps
        return time_edits.trimmed(film, start, end), Timing(start, 1.0, (start, end))

    return change


def _sped(speed: float) -> Callable[[Original], tuple[Film, Timing]]:
    def change(original: Original) -> tuple[Film, Timing]:
        return time_edits.sped_up(original.film, speed), Timing(speed=speed)

    return change


def _television(original: Original) -> tuple[Film, Timing]:
    film = original.film
    faster = film.fps + 1
    return time_edits.played_at(film, faster), Timing(speed=faster / film.fps)


def _rerated(original: Original) -> tuple[Film, Timing]:
    film = original.film
    return time_edits.at_rate(film, film.fps * 5 // 4), AS_IT_WAS


def _with_intro(original: Original) -> tuple[Film, Timing]:
    intro = original.unrelated(0, 2.6)
    return joined(intro, original.film), Timing(-intro.seconds)


def _concatenated(original: Original) -> tuple[Film, Timing]:
    return joined(original.film, original.unrelated(1, original.film.seconds)), AS_IT_WAS


def _in_picture(original: Original) -> tuple[Film, Timing]:
    film = original.film
    around = original.unrelated(2, film.seconds).frames
    return replace(film, frames=picture_edits.inside(film.frames, around)), AS_IT_WAS


def _subtitled(original: Original) -> tuple[Film, Timing]:
    film = original.film
    frames = picture_edits.with_subtitles(film.frames, _LINES, each=2 * film.fps)
    return replace(film, frames=frames), AS_IT_WAS


def _grainy(original: Original) -> tuple[Film, Timing]:
    rng = np.random.default_rng(original.seed)
    frames = picture_edits.grained(original.film.frames, rng)
    return replace(original.film, frames=frames), AS_IT_WAS


def _looped(original: Original) -> tuple[Film, Timing]:
    return time_edits.looped(original.film, 2), AS_IT_WAS


EDITS: dict[str, Edit] = {
    "exact-copy": _of_file(".mp4", file_edits.copied),
    "remux": _of_file(".mkv", file_edits.remuxed),
    "rotation-flag": _of_file(".mp4", file_edits.turned_by_metadata),
    "low-quality": _of_pictures(_as_is, replace(H264, quality=40)),
    "hevc": _of_pictures(_as_is, HEVC),
    "vp9": _of_pictures(_as_is, VP9),
    "mpeg4": _of_pictures(_as_is, MPEG4_AVI),
    "mpeg2": _of_pictures(_as_is, MPEG2),
    "resize": _of_pictures(_scaled(0.5)),
    "enlarge": _of_pictures(_scaled(1.5)),
    "stretch": _of_pictures(lambda frames: picture_edits.resized(frames, (240, 180))),
    "letterbox": _of_pictures(lambda frames: picture_edits.padded(frames, ends=1 / 6)),
    "pillarbox": _of_pictures(lambda frames: picture_edits.padded(frames, sides=0.16)),
    "border": _of_pictures(
        lambda frames: picture_edits.padded(frames, sides=0.06, ends=0.08, fill=(190, 30, 60))
    ),
    "mirror": _of_pictures(picture_edits.mirrored),
    "quarter-turn": _of_pictures(picture_edits.quarter_turned),
    "half-turn": _of_pictures(picture_edits.half_turned),
    "crop": _of_pictures(lambda frames: picture_edits.cropped(frames, 0.1, 0.1, 0.9, 0.9)),
    "crop-off-centre": _of_pictures(
        lambda frames: picture_edits.cropped(frames, 0.0, 0.22, 0.75, 0.97)
    ),
    "tall": _of_pictures(picture_edits.tall),
    "blurred-bars": _of_pictures(picture_edits.between_blurred_bars),
    "grey": _of_pictures(picture_edits.grey),
    "brightness": _of_pictures(lambda frames: picture_edits.graded(frames, gain=0.9, lift=30)),
    "gamma": _of_pictures(lambda frames: picture_edits.graded(frames, gamma=0.6)),
    "logo": _of_pictures(picture_edits.with_logo),
    "subtitles": _of_original(_subtitled),
    "picture-in-picture": _of_original(_in_picture),
    "grain": _of_original(_grainy),
    "interlace": _of_pictures(picture_edits.combed),
    "trim": _of_original(_trim(0.25, 0.8)),
    "trim-start": _of_original(_trim(0.4, 1.0)),
    "speed": _of_original(_sped(1.1)),
    "television": _of_original(_television),
    "frame-rate": _of_original(_rerated),
    "intro": _of_original(_with_intro),
    "concatenation": _of_original(_concatenated),
    "loop": _of_original(_looped),
}
