"""Embeddings of frames: 128 numbers that the edits of a frame share and other frames do not.

A frame is squeezed into 96 x 96 pixels, whatever its shape, each pixel the mean of the area it
covers. The cosine of two embeddings (their product: they have unit length) says how alike two
frames are; see `calibration` for how much is enough. Flat frames (`signature.quality.FLAT`) must
not be embedded: they are all alike.
"""

from typing import TYPE_CHECKING, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.model_file import ModelFile, read_model
from autodedup.engine.errors import ModelUnavailableError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Embeddings = NDArray[np.float32]  # (N, 128), rows of unit length

SIDE: Final = 96  # pixels
DIMENSIONS: Final = 128
_BATCH = 32  # pictures at once: more gains nothing on a core, and its memory stays under 30 MB


class CopyModel(Protocol):
    """Something that embeds frames; all of one `digest` agree within 0.002 of a cosine."""

    @property
    def digest(self) -> str:
        """Return which weights these are: part of the recipe of everything computed with them."""
        ...

    def embed(self, pictures: NDArray[np.uint8]) -> Embeddings:
        """Return (N, 128) float32 of unit length for (N, 96, 96, 3) uint8 RGB.

        A mirrored or quarter-turned picture has the same embedding, up to rounding.
        """
        ...


def load_model(device: Literal["cpu", "cuda"] = "cpu", *, threads: int = 1) -> CopyModel:
    """Return the model that ships with the engine, ready to embed on this device.

    `threads` is for the CPU: one a process is best where every core has a process of its own.

    Raises:
        ModelUnavailableError: The model file is missing or damaged, or this device cannot run it.
    """
    file = read_model()
    if device == "cpu":
        return OnnxModel(file, threads=threads)
    try:
        from autodedup.engine.embedding.torch_runtime import TorchModel
    except ImportError as error:
        raise ModelUnavailableError(
            f"The copy model {file.path.name} cannot run on the GPU: {error.name} is missing.",
            hint="Install autodedup[gpu], or let the CPU embed.",
        ) from error
    return TorchModel(file, device)


class OnnxModel:
    """The model in onnxruntime, on the CPU. One object serves one thread of a process well."""

    def __init__(self, file: ModelFile, *, threads: int = 1) -> None:
        """Load the model.

        Raises:
            ModelUnavailableError: onnxruntime is not installed, or refuses the file.
        """
        self._digest = file.digest
        self._session = _session(file, threads)

    @property
    def digest(self) -> str:
        """Return which weights these are."""
        return self._digest

    def embed(self, pictures: NDArray[np.uint8]) -> Embeddings:
        """Return (N, 128) float32 of unit length for (N, 96, 96, 3) uint8 RGB."""
        checked(pictures)
        out = np.empty((len(pictures), DIMENSIONS), dtype=np.float32)
        for start in range(0, len(pictures), _BATCH):
            batch = np.ascontiguousarray(pictures[start : start + _BATCH])
            out[start : start + _BATCH] = self._session.run(None, {"pictures": batch})[0]
        return out


def checked(pictures: NDArray[np.uint8]) -> None:
    """Refuse what is not (N, 96, 96, 3) uint8: a wrong shape would embed nonsense in silence.

    Raises:
        ValueError: It is something else.
    """
    if pictures.shape[1:] != (SIDE, SIDE, 3) or pictures.dtype != np.uint8:
        raise ValueError(
            f"pictures must be (N, {SIDE}, {SIDE}, 3) uint8, not {pictures.shape} {pictures.dtype}"
        )


def _session(file: ModelFile, threads: int) -> "InferenceSession":
    try:
        import onnxruntime
        from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf
    except ImportError as error:
        raise ModelUnavailableError(
            f"The copy model {file.path.name} cannot run: onnxruntime does not load ({error}).",
            hint="Install onnxruntime for this platform, or leave `copy` out of `tiers`.",
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    # Waiting threads sleep: a scan has a process on every core already.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(
            file.content, options, providers=["CPUExecutionProvider"]
        )
    except (Fail, InvalidGraph, InvalidProtobuf) as error:
        raise ModelUnavailableError(
            f"The copy model {file.path.name} is refused by onnxruntime "
            f"{onnxruntime.__version__}. Nothing was embedded; every other tier works."
        ) from error
