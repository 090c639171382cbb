"""How the share of the GPU's memory that the operator grants is divided within one process."""

from dataclasses import dataclass

_OF_DECODERS = 0.5  # torch gets the rest; the CUDA context itself (some 500 MB) is in neither


@dataclass(frozen=True, slots=True)
class Divided:
    """Who may take how much: torch, of the whole memory, and each decoding thread, in bytes."""

    torch_share: float
    thread_bytes: int


def divided(share: float, total_bytes: int, threads: int) -> Divided:
    """Divide a share (0..1) of so many bytes between torch and the surfaces of the decoders."""
    return Divided(
        torch_share=share * (1 - _OF_DECODERS),
        thread_bytes=int(share * _OF_DECODERS * total_bytes / threads),
    )
