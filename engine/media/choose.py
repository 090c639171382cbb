"""Which decoder looks at a file, and why: what the chip can decode, and where it is done sooner."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from autodedup.engine.media.costs import Costs, is_dense
from autodedup.engine.media.facts import DecodeRoute, MediaFacts

# Containers whose pictures NVDEC's SimpleDecoder can count: it has to know how many there are.
_CONTAINERS = ("mov", "matroska")
_BITS = {
    "yuv420p": 8,
    "yuvj420p": 8,
    "nv12": 8,
    "yuv420p10le": 10,
    "p010le": 10,
    "yuv420p12le": 12,
}
_EIGHT_BITS = 8


@dataclass(frozen=True, slots=True)
class Chip:
    """What the decoder of a GPU takes.

    largest   (codec as FFmpeg names it, bits a sample) -> width and height it decodes up to; what
              is not in it is not decoded at all
    smallest  the same -> width and height it decodes down to: of HEVC, 144 x 144
    engines   how many decoders work side by side
    """

    name: str
    engines: int
    largest: Mapping[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    smallest: Mapping[tuple[str, int], tuple[int, int]] = field(default_factory=dict)


def choose_route(facts: MediaFacts, chip: Chip, costs: Costs, cpu_wait_s: float) -> DecodeRoute:
    """Return where a probed file is looked at, and the reason to report.

    Args:
        facts: What the file is.
        chip: What the GPU decodes.
        costs: What was measured so far.
        cpu_wait_s: How long the file would wait for a worker on the CPU.
    """
    why_not = refusal(facts, chip)
    if why_not is not None:
        return DecodeRoute(decoder="pyav", why=why_not)
    on_gpu = costs.gpu_seconds(facts)
    if on_gpu is None:
        what = "decoded whole" if is_dense(facts) else "looked at by their keyframes"
        return DecodeRoute(decoder="nvdec", why=f"{chip.name}: tried on films {what}")
    on_cpu = cpu_wait_s + costs.cpu_seconds(facts)
    if on_gpu <= on_cpu:
        return DecodeRoute(decoder="nvdec", why=f"{chip.name}: sooner than the CPU")
    if is_dense(facts):
        return DecodeRoute(decoder="pyav", why="the CPU is sooner, by what was measured")
    return DecodeRoute(decoder="pyav", why="keyframes of a long film: the CPU seeks faster")


def refusal(facts: MediaFacts, chip: Chip) -> str | None:
    """Return why a chip cannot decode a file, None if it can."""
    names = facts.container.split(",")
    if facts.video_streams > 1:
        return "NVDEC is not used for files of several films: it takes one itself"
    if not any(name in _CONTAINERS for name in names):
        return f"NVDEC is not used for {names[0]}: its pictures are not counted"
    bits = sample_bits(facts)
    if bits is None:
        return f"NVDEC is not used for pixels of {facts.pixel_format or 'an unknown format'}"
    if facts.width % 2 or facts.height % 2:
        return "NVDEC is not used for odd sizes: half a row of colour is no row"
    if (facts.codec, bits) not in chip.largest:
        depth = "" if bits == _EIGHT_BITS else f" of {bits} bits"
        return f"NVDEC on this GPU has no {facts.codec}{depth}"
    return _size_refusal(facts, chip, bits)


def _size_refusal(facts: MediaFacts, chip: Chip, bits: int) -> str | None:
    limit = chip.largest[facts.codec, bits]
    least = chip.smallest.get((facts.codec, bits), (0, 0))
    width, height = (facts.width, facts.height)
    if facts.rotation in {90, 270}:
        width, height = height, width
    if width > limit[0] or height > limit[1]:
        return f"NVDEC on this GPU takes {facts.codec} up to {limit[0]} x {limit[1]}"
    if width < least[0] or height < least[1]:
        return f"NVDEC on this GPU takes {facts.codec} down to {least[0]} x {least[1]}"
    return None


def sample_bits(facts: MediaFacts) -> int | None:
    """Return the bits a sample of pixels that NVDEC hands on in 4:2:0, None for all others."""
    return _BITS.get(facts.pixel_format or "")
