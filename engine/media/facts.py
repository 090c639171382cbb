"""What a container and its streams say of themselves, before any picture is decoded."""

from dataclasses import dataclass
from typing import Literal

Decoder = Literal["nvdec", "pyav"]


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """One video as probed. Sizes are as displayed, after rotation and sample aspect ratio.

    `duration_seconds`, `frames_per_second` and `bitrate_bps` are None where the file does not
    say; a container's claims may be wrong. `video_streams` are those that are not marked as covers.
    """

    container: str
    codec: str
    width: int
    height: int
    rotation: int
    duration_seconds: float | None
    frames_per_second: float | None
    bitrate_bps: int | None
    pixel_format: str | None
    audio_codec: str | None
    audio_channels: int | None
    video_streams: int = 1


@dataclass(frozen=True, slots=True)
class DecodeRoute:
    """Which decoder was chosen for a file, and why."""

    decoder: Decoder
    why: str
