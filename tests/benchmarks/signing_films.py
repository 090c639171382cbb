"""Films of a minute to two hours, made within minutes, for measuring what it costs to sign them.

Each is a short piece of 1080p H.264, rendered and encoded once, a keyframe every few seconds where
it is cut, and written over and over, its packets with later times. To a decoder that is as much
work as a film that does not repeat.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame

from autodedup.engine.footage.film import Film, render_film, render_take

WIDTH, HEIGHT, FPS = 1920, 1080, 24
GRAIN = 4.0  # luma: without it, drawn pictures cost a decoder much less than real ones
CUT_SECONDS, TAKE_SECONDS = 18.0, 10.0  # of a piece
SHOT_SECONDS = 3  # from one keyframe to the next of a film that is cut; a take has one keyframe
DRAWN = (480, 270)  # pixels: drawn small, then enlarged


@dataclass(frozen=True, slots=True)
class LongFilm:
    """One film to be made: `cut` into shots of a few seconds, or one take."""

    name: str
    seconds: float
    cut: bool


ONE_MINUTE_TAKE = LongFilm("one minute, one shot", 60.0, cut=False)
TEN_MINUTES = LongFilm("ten minutes", 600.0, cut=True)
TWO_HOURS = LongFilm("two hours", 7200.0, cut=True)


def made(film: LongFilm, folder: Path) -> Path:
    """Return the file of a film below `folder`; it is made where it is not there yet."""
    path = folder / f"{film.name.replace(', ', '_').replace(' ', '_')}.mp4"
    if path.exists():
        return path
    folder.mkdir(parents=True, exist_ok=True)
    piece = folder / ("cuts.mp4" if film.cut else "take.mp4")
    if not piece.exists():
        _whole(piece, lambda part: _encode(_drawn(cut=film.cut), part, cut=film.cut))
    _whole(path, lambda part: _repeat(piece, part, film.seconds))
    return path


def _whole(path: Path, write: Callable[[Path], None]) -> None:
    """Have a file written under another name first: one that was interrupted is not used."""
    part = path.with_name(f"part-{path.name}")
    write(part)
    part.rename(path)


def _drawn(*, cut: bool) -> Film:
    if cut:
        return render_film(11, size=DRAWN, seconds=CUT_SECONDS, fps=FPS)
    return render_take(5, 6, size=DRAWN, seconds=TAKE_SECONDS, fps=FPS)


def _encode(film: Film, path: Path, *, cut: bool) -> None:
    chance = np.random.default_rng(3)
    grains = chance.normal(0, GRAIN, (8, HEIGHT, WIDTH)).astype(np.int16)
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", FPS, {"preset": "veryfast", "crf": "23"})
        stream.codec_context.gop_size = round((SHOT_SECONDS if cut else TAKE_SECONDS) * FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number, pixels in enumerate(film.frames):
            large = VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
                WIDTH, HEIGHT, "yuv420p", interpolation="BICUBIC"
            )
            planes = large.to_ndarray()
            planes[:HEIGHT] = np.clip(planes[:HEIGHT] + grains[number % len(grains)], 0, 255)
            frame = VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _repeat(piece: Path, path: Path, seconds: float) -> None:
    """Write a piece again and again until it lasts so many seconds."""
    with av.open(piece) as source, av.open(path, "w") as target:
        template = source.streams.video[0]
        packets = [
            (bytes(p), p.pts, p.dts, p.is_keyframe) for p in source.demux(template) if p.size
        ]
        tick = template.time_base or Fraction(1, FPS)
        lasts = round(len(packets) / FPS / tick)
        stream = target.add_stream_from_template(template)
        for turn in range(-(-round(seconds / tick) // lasts)):
            _write(target.mux, stream, _shifted(packets, turn * lasts), tick)


def _shifted(
    packets: Iterable[tuple[bytes, int | None, int | None, bool]], by: int
) -> Iterable[tuple[bytes, int, int, bool]]:
    for data, pts, dts, key in packets:
        yield data, (pts or 0) + by, (dts or 0) + by, key


def _write(
    mux: Callable[[av.Packet], None],
    stream: av.VideoStream,
    packets: Iterable[tuple[bytes, int, int, bool]],
    tick: Fraction,
) -> None:
    for data, pts, dts, key in packets:
        packet = av.Packet(data)
        packet.stream, packet.time_base = stream, tick
        packet.pts, packet.dts, packet.is_keyframe = pts, dts, key
        mux(packet)
