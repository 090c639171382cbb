"""Which packets of a film its decoder is given: what no moment needs is not decoded.

A packet that is left out must not be missed by one that is decoded: each stands alone, or
nothing after it refers to it any more because a keyframe comes next.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from av.packet import Packet
from av.video.stream import VideoStream

Gate = Callable[["Packet[VideoStream]"], bool]
"""Says of each packet in turn whether it is decoded."""
Skip = Literal["DEFAULT", "NONREF", "BIDIR"]
Packets = Iterable["Packet[VideoStream]"]

LONGEST_TAIL = 1.0  # seconds before a keyframe that may pass unseen
_TAIL_SHARE = 0.5  # of what lies between two keyframes, at most


def everything(_packet: "Packet[VideoStream]") -> bool:
    """Let every packet through."""
    return True


class KeyframeGate:
    """Lets one keyframe through in each window of time."""

    def __init__(self, stream: VideoStream, window: float) -> None:
        self._tick = float(stream.time_base or 0)
        self._window = window
        self._last: float | None = None

    def __call__(self, packet: "Packet[VideoStream]") -> bool:
        """Say whether this is the first keyframe of its window."""
        if not packet.is_keyframe:
            return False
        stamp = _stamp(packet)
        if stamp is None or not self._window:
            return True
        place = stamp * self._tick // self._window
        first = place != self._last
        self._last = place
        return first


class IntraGate:
    """Lets the packets around every instant through, of a codec in which each stands alone."""

    def __init__(self, stream: VideoStream, step: float) -> None:
        self._tick = float(stream.time_base or 0)
        self._step = step
        self._first: float | None = None
        self._next = 0.0

    def __call__(self, packet: "Packet[VideoStream]") -> bool:
        """Say whether this is the first packet at or after an instant."""
        stamp = _stamp(packet)
        if stamp is None:
            return True
        seconds = stamp * self._tick
        if self._first is None or seconds < self._first:
            self._first = seconds
        seconds -= self._first
        if seconds < self._next:
            return False
        self._next = (seconds // self._step + 1) * self._step
        return True


class Approach:
    """Lets everything through, and has the decoder leave out more of what lies `far`."""

    def __init__(self, stream: VideoStream, close: float, far: Skip, near: Skip) -> None:
        """Go over from `far` to `near` at the time `close`, in seconds of the stream's clock."""
        self._context = stream.codec_context
        self._close = close / float(stream.time_base or 1)
        self._skips = (near, far)

    def __call__(self, packet: "Packet[VideoStream]") -> bool:
        """Set what the decoder leaves out of this packet."""
        far = packet.pts is not None and packet.pts < self._close
        self._context.skip_frame = self._skips[far]
        return True


def _stamp(packet: "Packet[VideoStream]") -> int | None:
    """Return when a packet is shown, in ticks, or when it is decoded where it tells no more."""
    return packet.dts if packet.pts is None else packet.pts


def without_tails(packets: Packets, tick: float) -> "Iterator[Packet[VideoStream]]":
    """Pass packets on but for those shortly before a keyframe, which shows nearly the same.

    What is left out is a second before each keyframe, or the second half of what lies between two
    that are closer. The end of a film is never left out. `tick` is the seconds of a timestamp.
    """
    held: deque[Packet[VideoStream]] = deque()
    begun: int | None = None  # the stamp of the keyframe before
    leads: int | None = None  # the time shown of a keyframe before which some were left out
    for packet in packets:
        now = packet.dts
        if now is None or not packet.size:
            yield from _emptied(held)
            yield packet
            continue
        if packet.is_keyframe:
            tail = min(LONGEST_TAIL, _TAIL_SHARE * (now - (begun or 0)) * tick)
            while held and (now - (held[0].dts or 0)) * tick > tail:
                yield held.popleft()
            leads = packet.pts if held else None
            held.clear()
            begun = now
            yield packet
            continue
        if leads is not None and packet.pts is not None and packet.pts < leads:
            continue  # shown before the keyframe, it may refer to what was left out
        leads = None
        held.append(packet)
        while (now - (held[0].dts or 0)) * tick > LONGEST_TAIL:
            yield held.popleft()
    yield from held


def _emptied(held: "deque[Packet[VideoStream]]") -> "Iterator[Packet[VideoStream]]":
    while held:
        yield held.popleft()
