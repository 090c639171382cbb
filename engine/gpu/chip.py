"""What the decoder of this machine's GPU takes, asked of PyNvVideoCodec once a process."""

from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

from autodedup.engine.media.choose import Chip

# FFmpeg's names, NVDEC's, and the bits a sample that some chip takes: to ask costs a context.
_CODECS = {
    "h264": ("H264", (8, 10)),
    "hevc": ("HEVC", (8, 10, 12)),
    "vp8": ("VP8", (8,)),
    "vp9": ("VP9", (8, 10, 12)),
    "av1": ("AV1", (8, 10)),
    "mpeg4": ("MPEG4", (8,)),
    "mpeg2video": ("MPEG2", (8,)),
    "mpeg1video": ("MPEG1", (8,)),
    "vc1": ("VC1", (8,)),
}
_SUBSAMPLED = "420"


def chip_of(nvc: ModuleType, name: str, gpu: int = 0) -> Chip:
    """Return what a GPU decodes; a codec it refuses to speak of is one it has not."""
    # Each question makes a CUDA context. One that fails leaves it behind as the current one of
    # its thread, and what torch allocated there afterwards no other thread could read.
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(_told, nvc, name, gpu).result()


def _told(nvc: ModuleType, name: str, gpu: int) -> Chip:
    # Two exceptions, neither a kind of the other.
    refusals = (RuntimeError, KeyError, nvc.PyNvVCException, nvc.PyNvVCExceptionUnsupported)
    chroma = nvc.cudaVideoChromaFormat.__members__[_SUBSAMPLED]
    largest: dict[tuple[str, int], tuple[int, int]] = {}
    smallest: dict[tuple[str, int], tuple[int, int]] = {}
    engines = 1
    for ours, (theirs, depths) in _CODECS.items():
        for bits in depths:
            try:
                caps = nvc.GetDecoderCaps(
                    gpuid=gpu,
                    codec=nvc.cudaVideoCodec.__members__[theirs],
                    chromaformat=chroma,
                    bitdepth=bits,
                )
            except refusals:
                continue
            limit = (int(caps.get("width_max", 0)), int(caps.get("height_max", 0)))
            engine_count = int(caps.get("num_decoder_engines", 0))
            if caps.get("supported", 1) and min(limit) > 0 and engine_count > 0:
                largest[ours, bits] = limit
                smallest[ours, bits] = (
                    int(caps.get("width_min", 0)),
                    int(caps.get("height_min", 0)),
                )
                engines = max(engines, engine_count)
    return Chip(name=name, engines=engines, largest=largest, smallest=smallest)
