"""The same model in torch, for a GPU whose memory already holds the decoded frames.

It carries out the graph of the model file, operation by operation, with the numbers stored
there: one file, one answer. Only the operations that `export` writes are known.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import NodeProto, helper, numpy_helper
from torch import Tensor
from torch.nn import functional

from autodedup.engine.embedding.model_file import ModelFile
from autodedup.engine.embedding.runtime import Embeddings, in_batches
from autodedup.engine.embedding.shapes import parts, shape_of, squeezed_shape
from autodedup.engine.errors import ModelUnavailableError

_BATCH = 256

Attributes = dict[str, object]
Operation = Callable[[list[Tensor], Attributes], Tensor]


@dataclass(frozen=True, slots=True)
class _Step:
    """One operation: what it reads, what it makes, and what nobody reads after it."""

    operation: Operation
    attributes: Attributes
    reads: tuple[str, ...]
    makes: str
    done_with: tuple[str, ...]


class TorchModel:
    """The model in torch, on any device that torch knows by this name."""

    def __init__(self, file: ModelFile, device: str) -> None:
        """Put the model's numbers into the device's memory.

        Raises:
            ModelUnavailableError: torch sees no such device, or the graph has unknown operations.
        """
        if device.startswith("cuda") and not torch.cuda.is_available():
            raise ModelUnavailableError(
                f"The copy model {file.path.name} cannot run on the GPU: torch sees none.",
                hint="Let the CPU embed, or install torch for this GPU's driver.",
            )
        graph = onnx.load_model_from_string(file.content).graph
        unknown = {node.op_type for node in graph.node} - set(_OPERATIONS)
        if unknown:
            raise ModelUnavailableError(
                f"The copy model {file.path.name} uses operations unknown here: {sorted(unknown)}."
            )
        self._digest, self._device = file.digest, torch.device(device)
        numbers = [(each.name, numpy_helper.to_array(each).copy()) for each in graph.initializer]
        # 64 bits are axes and sides, which are read here: a device would be waited for.
        self._numbers = {
            name: torch.from_numpy(values).to("cpu" if values.dtype == np.int64 else self._device)
            for name, values in numbers
        }
        self._output = graph.output[0].name
        self._steps = _steps(graph.node, keep={*self._numbers, self._output})

    @property
    def digest(self) -> str:
        """Return which weights these are."""
        return self._digest

    def embed(self, pictures: NDArray[np.uint8]) -> Embeddings:
        """Return (N, V, 128), as `runtime.CopyModel` says."""
        squeezed_shape(pictures)

        def run(batch: NDArray[np.uint8]) -> Embeddings:
            found: Embeddings = self.embed_tensor(torch.from_numpy(batch)).cpu().numpy()
            return found

        return in_batches(pictures, _BATCH, run)

    def embed_frames(self, frames: Tensor) -> Tensor:
        """Return (N, V, 128) on the model's device for (N, H, W, 3) uint8 RGB frames of any size.

        The frames are squeezed there too, so that only embeddings leave the device.
        """
        planes = frames.to(self._device).permute(0, 3, 1, 2).float()
        shape = shape_of(frames.shape[2], frames.shape[1])
        small = functional.interpolate(planes, shape, mode="area")
        return self.embed_tensor(small.round().to(torch.uint8).permute(0, 2, 3, 1))

    @torch.no_grad()
    def embed_tensor(self, pictures: Tensor) -> Tensor:
        """Return (N, V, 128) on the model's device for (N, H, W, 3) uint8 RGB of a known shape."""
        windows = torch.from_numpy(parts((pictures.shape[1], pictures.shape[2])))
        known = {
            **self._numbers,
            "pictures": pictures.to(self._device),
            "parts": windows.to(self._device),
        }
        del pictures
        for step in self._steps:
            read = [known[name] for name in step.reads]
            known[step.makes] = step.operation(read, step.attributes)
            for name in step.done_with:
                del known[name]
        return known[self._output]


def _steps(nodes: Sequence[NodeProto], keep: set[str]) -> tuple[_Step, ...]:
    """Return what to do in turn; each value is let go of after it was read for the last time."""
    needed = set(keep)
    steps = []
    for node in reversed(nodes):
        unread = {*node.input, node.output[0]} - needed
        needed |= unread
        steps.append(
            _Step(
                operation=_OPERATIONS[node.op_type],
                attributes=_attributes(node),
                reads=tuple(node.input),
                makes=node.output[0],
                done_with=tuple(sorted(unread)),
            )
        )
    return tuple(reversed(steps))


def _attributes(node: NodeProto) -> Attributes:
    return {each.name: helper.get_attribute_value(each) for each in node.attribute}


def _numbers(attributes: Attributes, name: str) -> list[int]:
    found = attributes[name]
    if not isinstance(found, list):
        raise TypeError(f"the model's {name} is no list")
    return [int(each) for each in found]


def _convolve(read: list[Tensor], attributes: Attributes) -> Tensor:
    stride, padding = (_numbers(attributes, name)[0] for name in ("strides", "pads"))
    bias = read[2] if len(read) > 2 else None  # noqa: PLR2004  # picture, filters, bias
    return functional.conv2d(read[0], read[1], bias, stride, padding)


def _sliced(tensor: Tensor, starts: Tensor, ends: Tensor, axes: Tensor) -> Tensor:
    places = [slice(None)] * tensor.ndim
    for start, end, axis in zip(_axes(starts), _axes(ends), _axes(axes), strict=True):
        places[axis] = slice(start, end)
    return tensor[tuple(places)]


def _axes(tensor: Tensor) -> list[int]:
    return [int(each) for each in tensor.tolist()]


_OPERATIONS: Final[dict[str, Operation]] = {
    "Cast": lambda read, _: read[0].float(),
    "Transpose": lambda read, attributes: read[0].permute(_numbers(attributes, "perm")),
    "Mul": lambda read, _: read[0] * read[1],
    "Add": lambda read, _: read[0] + read[1],
    "Sub": lambda read, _: read[0] - read[1],
    "Max": lambda read, _: read[0].maximum(read[1]),
    "Min": lambda read, _: read[0].minimum(read[1]),
    "Exp": lambda read, _: read[0].exp(),
    "Sqrt": lambda read, _: read[0].sqrt(),
    "Div": lambda read, _: read[0] / read[1],
    "Pow": lambda read, _: read[0].pow(read[1]),
    "Relu": lambda read, _: functional.relu(read[0]),
    "Conv": _convolve,
    "ReduceMean": lambda read, attributes: read[0].mean(
        _axes(read[1]), keepdim=bool(attributes["keepdims"])
    ),
    "ReduceMax": lambda read, attributes: read[0].amax(
        _axes(read[1]), keepdim=bool(attributes["keepdims"])
    ),
    "Slice": lambda read, _: _sliced(*read),
    "ReduceL2": lambda read, _: read[0].norm(dim=_axes(read[1]), keepdim=True),
    "Reshape": lambda read, _: read[0].reshape(len(read[0]), *_axes(read[1])[1:]),
    "MatMul": lambda read, _: read[0] @ read[1],
    "AveragePool": lambda read, attributes: functional.avg_pool2d(
        read[0], _numbers(attributes, "kernel_shape")
    ),
    "Concat": lambda read, attributes: torch.cat(read, int(str(attributes["axis"]))),
}
