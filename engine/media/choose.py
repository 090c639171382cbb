"""Which decoder looks at a file, and why."""

from autodedup.engine.media.facts import DecodeRoute, MediaFacts
from autodedup.engine.media.frames import FrameSource
from autodedup.engine.media.software import SoftwareSource


def choose_source(_facts: MediaFacts) -> tuple[FrameSource, DecodeRoute]:
    """Return the decoder for a probed file and the route to report."""
    return SoftwareSource(), DecodeRoute(decoder="pyav", why="this version has no GPU decoder")
