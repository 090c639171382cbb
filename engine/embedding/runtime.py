"""Embeddings of frames: 128 numbers that the edits of a frame share and other frames do not.

A frame is squeezed into the shape next to its own (`views.shape_of`), each pixel the mean of the
area it covers. The product of two embeddings says how alike two views are: their cosine, less where
many other pictures are like them (`crowding`); see `calibration` for how much is enough. Flat
frames (`signature.quality.FLAT`) must not be embedded: they are all alike.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.model_file import ModelFile, read_model
from autodedup.engine.embedding.shapes import VIEWS, parts, squeezed_shape
from autodedup.engine.errors import ModelUnavailableError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Embeddings = NDArray[np.float32]  # (N, V, 128): V views of each frame, each of about unit length

DIMENSIONS: Final = 128
_BATCH = 4  # pictures at once: what more of them need no longer stays in a core's cache


class CopyModel(Protocol):
    """Something that embeds frames; products of one `digest` agree within 0.002."""

    @property
    def digest(self) -> str:
        """Return which weights these are: part of the recipe of everything computed with them."""
        ...

    def embed(self, pictures: NDArray[np.uint8]) -> Embeddings:
        """Return (N, V, 128) for (N, H, W, 3) uint8 RGB of one of the `SHAPES`.

        The views are those of `shapes.VIEWS`, of lengths from 0.9 to 1.11. The whole of a mirrored
        or quarter-turned picture has the same embedding, up to rounding; the windows change places.

        Raises:
            ValueError: The pictures have another shape.
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
        """Return (N, V, 128), as `CopyModel` says."""
        windows = parts(squeezed_shape(pictures))

        def run(batch: NDArray[np.uint8]) -> Embeddings:
            found: Embeddings = self._session.run(None, {"pictures": batch, "parts": windows})[0]
            return found

        return in_batches(pictures, _BATCH, run)


def in_batches(
    pictures: NDArray[np.uint8], size: int, run: Callable[[NDArray[np.uint8]], Embeddings]
) -> Embeddings:
    """Return (N, V, 128): what `run` makes of the pictures, at most `size` at once."""
    found = np.empty((len(pictures), len(VIEWS), DIMENSIONS), dtype=np.float32)
    for start in range(0, len(pictures), size):
        batch = np.ascontiguousarray(pictures[start : start + size])
        found[start : start + size] = run(batch)
    return found


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
