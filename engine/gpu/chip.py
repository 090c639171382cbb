"""What the decoder of this machine's GPU takes, asked of PyNvVideoCodec once a process."""

from types import ModuleType

from autodedup.engine.media.choose import Chip

# FFmpeg's names, and NVDEC's.
_CODECS = {
    "h264": "H264",
    "hevc": "HEVC",
    "vp8": "VP8",
    "vp9": "VP9",
    "av1": "AV1",
    "mpeg4": "MPEG4",
    "mpeg2video": "MPEG2",
    "mpeg1video": "MPEG1",
    "vc1": "VC1",
}
_DEPTHS = (8, 10, 12)
_SUBSAMPLED = "420"


def chip_of(nvc: ModuleType, name: str, gpu: int = 0) -> Chip:
    """Return what a GPU decodes; a codec it refuses to speak of is one it has not."""
    chroma = nvc.cudaVideoChromaFormat.__members__[_SUBSAMPLED]
    largest: dict[tuple[str, int], tuple[int, int]] = {}
    engines = 1
    for ours, theirs in _CODECS.items():
        for bits in _DEPTHS:
            try:
                caps = nvc.GetDecoderCaps(
                    gpuid=gpu,
                    codec=nvc.cudaVideoCodec.__members__[theirs],
                    chromaformat=chroma,
                    bitdepth=bits,
                )
            except (RuntimeError, KeyError, nvc.PyNvVCException):
                continue
            limit = (int(caps.get("width_max", 0)), int(caps.get("height_max", 0)))
            if min(limit) > 0 and caps.get("num_decoder_engines", 0) > 0:
                largest[ours, bits] = limit
                engines = max(engines, int(caps["num_decoder_engines"]))
    return Chip(name=name, engines=engines, largest=largest)
