"""What is not decoded is not missed: the pictures that are left come out as they were."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from autodedup.engine.footage.encode import Encoding, encode
from autodedup.engine.footage.film import Film
from autodedup.engine.media.packets import LONGEST_TAIL, Approach, Packets, without_tails


def shown(path: Path, *, tails: bool) -> dict[float, np.ndarray]:
    """Return the pictures of a film by their times, decoded with or without its tails."""
    out: dict[float, np.ndarray] = {}
    with av.open(path) as container:
        stream = container.streams.video[0]
        packets: Packets = container.demux(stream)
        if not tails:
            packets = without_tails(packets, float(stream.time_base or 0))
        for packet in packets:
            for frame in packet.decode():
                assert isinstance(frame, VideoFrame)
                out[round(frame.time or 0.0, 4)] = frame.to_ndarray(format="gray")
    return out


def keyframes(path: Path) -> list[float]:
    with av.open(path) as container:
        stream = container.streams.video[0]
        return [float((p.pts or 0) * p.time_base) for p in container.demux(stream) if p.is_keyframe]


@pytest.mark.parametrize(
    "encoding",
    [
        Encoding(".mp4", "libx264", None, keyframe_seconds=3.0),
        Encoding(".mkv", "libx265", None, keyframe_seconds=3.0),
        Encoding(".webm", "libvpx-vp9", None, keyframe_seconds=0.8),
        Encoding(".avi", "mpeg4", None, keyframe_seconds=1.5),
        Encoding(".mpg", "mpeg2video", None, keyframe_seconds=2.5),
    ],
    ids=lambda encoding: f"{encoding.video}{encoding.suffix}",
)
def test_a_second_before_a_keyframe_is_left_out_and_nothing_else_is_harmed(
    encoding: Encoding, film: Film, tmp_path: Path
) -> None:
    path = tmp_path / f"film{encoding.suffix}"
    encode(film, path, encoding)
    whole, part = shown(path, tails=True), shown(path, tails=False)
    start, keys = min(whole), keyframes(path)

    assert len(keys) > 2
    assert len(part) < 0.85 * len(whole)
    assert all(np.array_equal(picture, whole[time]) for time, picture in part.items())
    assert max(part) == max(whole)
    times = sorted(part)
    gaps = np.diff([start, *times])
    assert gaps.max() <= LONGEST_TAIL + 5 / film.fps  # frames held back for their order


def test_a_film_of_one_keyframe_is_decoded_whole(film: Film, tmp_path: Path) -> None:
    path = tmp_path / "take.mp4"
    still = replace(film, frames=np.repeat(film.frames[:1], 96, axis=0))
    encode(still, path, Encoding(audio=None, keyframe_seconds=60.0))

    assert len(keyframes(path)) == 1
    assert shown(path, tails=False).keys() == shown(path, tails=True).keys()


def test_frames_are_spared_up_to_an_instant_and_no_further(film: Film, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    encode(film, path, Encoding(audio=None, keyframe_seconds=60.0))
    times: list[float] = []
    close = film.seconds / 2
    with av.open(path) as container:
        stream: VideoStream = container.streams.video[0]
        approach = Approach(stream, close, "BIDIR", "DEFAULT")
        for packet in container.demux(stream):
            assert approach(packet)
            times += [float(frame.time or 0.0) for frame in packet.decode()]

    far, near = (np.diff([t for t in times if (t > close + 0.2) == late]) for late in (False, True))
    assert near.max() == pytest.approx(1 / film.fps, abs=1e-3)
    assert far.mean() > 1.5 / film.fps
