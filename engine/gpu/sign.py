"""From a file to its signature on a GPU: only hashes, embeddings and small numbers come back."""

import time
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autodedup.engine.embedding.runtime import DIMENSIONS
from autodedup.engine.embedding.shapes import SMALL, VIEWS
from autodedup.engine.embedding.storage import to_bytes
from autodedup.engine.embedding.views import shown
from autodedup.engine.kernels.hashes import coefficients, hashes_of, quality_of
from autodedup.engine.kernels.pictures import cut_out
from autodedup.engine.kernels.wavelet import whashes
from autodedup.engine.media.choose import Chip, choose_route
from autodedup.engine.media.costs import Costs
from autodedup.engine.media.frames import Progress
from autodedup.engine.media.nvdec import DeviceLook, NotByNvdecError, NvdecSource
from autodedup.engine.media.probe import probe
from autodedup.engine.media.reading import Seen, opened
from autodedup.engine.semantic.batches import Batches
from autodedup.engine.signature.bars import Stretch, shown_share, stretches
from autodedup.engine.signature.copy import shape_within, worth_a_look
from autodedup.engine.signature.model import Embeddings, Signature
from autodedup.engine.signature.quality import FAINT
from autodedup.engine.signature.recipe import embedding_recipe
from autodedup.engine.signature.sign import (
    FrameHashes,
    anchors_of,
    apart_of,
    assembled,
    box_of,
    refuse_flat,
    set_in,
)

if TYPE_CHECKING:
    from autodedup.engine.embedding.torch_runtime import TorchModel

_AT_ONCE = 256  # frames that are embedded together


class GpuSigner:
    """Signs films, one at a time; each thread of the process has one of these."""

    def __init__(
        self,
        nvc: ModuleType,
        chip: Chip,
        model: "TorchModel | None",
        device: str = "cuda",
        *,
        most_bytes: int | None = None,
    ) -> None:
        """Make one; the surfaces of its decoders take no more than `most_bytes`."""
        self._source = NvdecSource(nvc, device, most_bytes=most_bytes)
        self._chip, self._model = chip, model
        # What does not fit beside the other threads' frames is embedded in halves.
        self._embed = None if model is None else Batches(model.embed_tensor, at_once=_AT_ONCE)
        self._device = torch.device(device)

    def sign(
        self,
        path: str,
        expected: Seen,
        report: Progress,
        *,
        embedded: bool,
        costs: Costs,
        cpu_wait_s: float,
    ) -> tuple[Signature, Costs]:
        """Return the signature of a film, and what is known now of costs.

        Raises:
            FileError: As `signature.sign.sign`.
            NotByNvdecError: The CPU is to do it; the message is the reason to report.
        """
        if embedded and self._model is None:
            raise NotByNvdecError("the copy model does not run on this GPU")
        with opened(path, expected) as file:
            facts = probe(file)
            route = choose_route(facts, self._chip, costs, cpu_wait_s)
            if route.decoder == "pyav":
                raise NotByNvdecError(route.why)
            begun = time.monotonic()
            with torch.inference_mode(), self._source.in_order():
                look = self._source.look(file, facts, report, colour=embedded)
            known = costs.measured(facts, time.monotonic() - begun)
        with torch.inference_mode(), self._source.in_order():
            # Finding bars is a walk over rows and their changes in time: the small pictures, 30 kB
            # each, go to the CPU for it.
            parts = stretches(look.pictures.cpu().numpy(), look.times_seconds)
            frames, embeddings = self._computed(look, parts)
        signature = assembled(
            facts,
            route,
            times_seconds=look.times_seconds,
            seen_seconds=look.seen_seconds,
            shown_share=shown_share(parts, *look.pictures.shape[1:]),
            inset=set_in(parts, *look.pictures.shape[1:]),
            frames=frames,
            notes=look.notes,
            embeddings=embeddings,
        )
        return signature, known

    def _computed(
        self, look: DeviceLook, parts: Sequence[Stretch]
    ) -> tuple[FrameHashes, Embeddings | None]:
        boxed = [look.pictures[part.first : part.past, part.rows, part.columns] for part in parts]
        waves = torch.cat([coefficients(pictures) for pictures in boxed])
        quality: NDArray[np.float32] = quality_of(waves[:, 0]).cpu().numpy()
        refuse_flat(quality)
        small = torch.cat([
            whashes(look.pictures[where])
            for where in anchors_of(look.times_seconds, look.seen_seconds, parts)
        ])  # fmt: skip
        frames = FrameHashes(
            hashes_of(waves).cpu().numpy(), small.cpu().numpy().view(np.uint64), quality
        )
        if self._model is None or self._embed is None or look.colours is None:
            return frames, None
        rows = self._embedded(self._embed, look, look.colours, parts, quality)
        return frames, Embeddings(embedding_recipe(self._model.digest), rows)

    def _embedded(
        self,
        embed: Batches,
        look: DeviceLook,
        colours: Tensor,
        parts: Sequence[Stretch],
        quality: NDArray[np.float32],
    ) -> NDArray[np.int8]:
        """Embed the frames that the CPU would; cut, squeezed and embedded on the device."""
        height, width = look.pictures.shape[1:]
        rows = np.zeros((len(quality), len(VIEWS), DIMENSIONS), dtype=np.int8)
        for part in parts:
            mine = slice(part.first, part.past)
            small, times = look.pictures[mine].cpu().numpy(), look.times_seconds[mine]
            places = part.first + worth_a_look(times, small, quality[mine] >= FAINT)
            box = box_of(part, height, width)
            shape = shape_within((height, width), box)
            apart = apart_of(part, height, width)
            for start in range(0, len(places), _AT_ONCE):
                some = places[start : start + _AT_ONCE]
                pictures = colours[torch.from_numpy(some).to(self._device)]
                cut = cut_out(pictures, box, shape)
                rows[some] = _bytes_of(embed, cut)
                if apart is not None:
                    alone = shape_within((height, width), apart.box)
                    inset = cut_out(pictures, apart.box, alone)
                    rows[some, apart.window] = _bytes_of(embed, inset)[:, SMALL]
        return rows


def _bytes_of(embed: Batches, pictures: Tensor) -> NDArray[np.int8]:
    """Return (N, V, 128): the views of pictures on the device, as they are kept."""
    found: NDArray[np.float32] = embed(pictures).cpu().numpy()
    return to_bytes(found * shown(pictures.cpu().numpy())[:, :, None])
