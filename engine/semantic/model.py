"""What a picture means, as open_clip's models see it: a vector of unit length."""

from types import ModuleType
from typing import Literal, Protocol, Self, TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from autodedup.engine.errors import ModelUnavailableError
from autodedup.engine.semantic.batches import MOST, Batches
from autodedup.engine.semantic.weights import MeaningFiles, recipe_of

LARGEST_SIDE = 512  # pixels: larger pictures are not carried between processes
_ON_CPU = 16  # pictures at once


class _Sees(Protocol):
    """The part of an open_clip model that is used."""

    visual: "_Eye"

    def eval(self) -> Self: ...

    def to(self, *, device: torch.device, dtype: torch.dtype) -> Self: ...

    def encode_image(self, image: Tensor) -> Tensor: ...


class _Eye(Protocol):
    preprocess_cfg: "_Prepared"


class _Prepared(TypedDict):
    """How the pictures of its training were prepared."""

    size: int | tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]


class MeaningModel:
    """An open_clip model, of which only the half that sees is used."""

    def __init__(
        self,
        files: MeaningFiles,
        device: Literal["cpu", "cuda"],
        open_clip: ModuleType,
        *,
        memory_share: float = 1.0,
    ) -> None:
        """Load the weights.

        Raises:
            ModelUnavailableError: The checkpoint is damaged or of another model.
        """
        self.device = torch.device(device)
        if device == "cuda":
            torch.cuda.set_per_process_memory_fraction(memory_share)
        self._number = torch.float16 if device == "cuda" else torch.float32
        whole = _load(files, open_clip)
        whole.eval().to(device=self.device, dtype=self._number)
        self._encode = whole.encode_image
        prepared = whole.visual.preprocess_cfg
        size = prepared["size"]
        self._size = (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
        self._mean = self._channels(prepared["mean"])
        self._spread = self._channels(prepared["std"])
        self.side = min(max(self._size), LARGEST_SIDE)
        self.recipe = recipe_of(files, self.side)
        self._batches = Batches(self._run, at_once=1)
        blank = torch.zeros((1, self.side, self.side, 3), dtype=torch.uint8)
        self.dimensions = int(self._batches(blank).shape[1])
        self._batches = Batches(self._run, at_once=self._that_fit(blank))

    def embed(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return (N, dimensions) float32 of unit length for (N, side, side, 3) uint8 RGB.

        Raises:
            GpuOutOfMemoryError: Not even one picture fits into the GPU's memory.
        """
        if not len(pictures):
            return np.zeros((0, self.dimensions), dtype=np.float32)
        answer = self._batches(torch.from_numpy(np.ascontiguousarray(pictures)))
        rows: NDArray[np.float32] = answer.numpy()
        return rows

    def _run(self, pictures: Tensor) -> Tensor:
        with torch.inference_mode():
            return self._encoded(pictures)

    def _encoded(self, pictures: Tensor) -> Tensor:
        planes = pictures.to(self.device).permute(0, 3, 1, 2).float() / 255
        if planes.shape[-2:] != self._size:
            planes = functional.interpolate(
                planes, self._size, mode="bicubic", antialias=True, align_corners=False
            ).clamp(0, 1)
        rows = self._encode(((planes - self._mean) / self._spread).to(self._number)).float()
        return functional.normalize(rows, dim=-1).cpu()

    def _channels(self, values: tuple[float, ...]) -> Tensor:
        return torch.tensor(values, device=self.device).reshape(1, 3, 1, 1)

    def _that_fit(self, blank: Tensor) -> int:
        """Return how many pictures fit at once, by what one of them took."""
        if self.device.type != "cuda":
            return _ON_CPU
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        self._run(blank)
        one = max(1, torch.cuda.max_memory_allocated() - before)
        free, _ = torch.cuda.mem_get_info()
        return int(min(MOST, max(1, free // 2 // one)))


def _prepared(files: MeaningFiles) -> dict[str, tuple[float, ...]] | None:
    # open_clip knows how pictures are prepared for a tag, but forgets it when given a file.
    if files.shades is None:
        return None
    return {"mean": files.shades.mean, "std": files.shades.spread}


def _load(files: MeaningFiles, open_clip: ModuleType) -> _Sees:
    # The half that reads is not used: its own weights are not fetched from anywhere.
    try:
        model: _Sees = open_clip.create_model(
            files.name,
            pretrained=str(files.weights),
            pretrained_text=False,
            require_pretrained=True,
            weights_only=True,
            force_preprocess_cfg=_prepared(files),
        )
    except Exception as error:  # what a checkpoint can be wrong in has no end
        raise ModelUnavailableError(
            f"{files.weights.name} is not a checkpoint of {files.name}, or is damaged "
            f"({type(error).__name__}: {str(error)[:300]}). Nothing was embedded.",
            hint="Name the checkpoint that belongs to --semantic-model with --semantic-weights.",
        ) from error
    return model
