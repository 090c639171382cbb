"""Which decoders a thread keeps on a GPU, and how much of its memory their surfaces take.

PyNvVideoCodec keeps a decoder for each codec and depth, each as large as the largest film it was
made for. Told to read a larger one it makes another beside it, and (in the sources of 2.0) never
lets the first one go. So a film that is larger than what is kept begins anew, and so does one for
which there is no room beside what is kept.
"""

from typing import Final

MOST_KINDS: Final = 4  # kept side by side
Kind = tuple[str, int]
"""The codec as FFmpeg names it, and the bits a sample: only 4:2:0 is decoded here."""
Size = tuple[int, int]
"""Width and height in pixels, as stored."""

# The chip's own (sixteen references and a few to spare), a batch lent out, and what comes early.
SURFACES: Final = 48
_ONE_BYTE: Final = 8  # bits


class KeptDecoders:
    """What one thread's decoders hold of the device's memory, reckoned and not measured."""

    def __init__(self, most_bytes: int | None) -> None:
        self._most_bytes = most_bytes
        self._kept: dict[Kind, Size] = {}
        self._largest: dict[Kind, Size] = {}  # of each kind that was ever seen

    @property
    def held_bytes(self) -> int:
        """Return how much is held."""
        return sum(surface_bytes(kind, size) for kind, size in self._kept.items()) * SURFACES

    def has_room_for(self, kind: Kind, size: Size) -> bool:
        """Say whether a film can be decoded at all."""
        return self._most_bytes is None or surface_bytes(kind, size) * SURFACES <= self._most_bytes

    def serves(self, kind: Kind, size: Size) -> bool:
        """Say whether a film can be decoded by what is kept, or beside it; then it is."""
        if not self._kept:
            return False
        kept = self._kept.get(kind)
        if kept is not None:
            return size[0] <= kept[0] and size[1] <= kept[1]
        more = surface_bytes(kind, size) * SURFACES
        too_much = self._most_bytes is not None and self.held_bytes + more > self._most_bytes
        if too_much or len(self._kept) >= MOST_KINDS:
            return False
        self._kept[kind] = size
        return True

    def start_anew(self, kind: Kind, size: Size) -> Size:
        """Forget what was kept, and return for which size to make a decoder for this film.

        As large as the largest film of its kind so far, where there is room for that: films that
        grow and shrink by turns would else each begin anew.
        """
        before = self._largest.get(kind, size)
        grown = (max(size[0], before[0]), max(size[1], before[1]))
        self._largest[kind] = grown
        made = grown if self.has_room_for(kind, grown) else size
        self._kept = {kind: made}
        return made


def surface_bytes(kind: Kind, size: Size) -> int:
    """Return what one picture takes: luma, and a quarter of it twice for colour."""
    samples = size[0] * size[1] * 3 // 2
    return samples * (1 if kind[1] == _ONE_BYTE else 2)
