"""Turn a trained network into the model file that the engine ships.

    python -m autodedup.engine.embedding.export work/network.pt --photographs work/photographs

Every filter is written out in its eight positions with its normalisation folded in, so that
what runs is a plain chain of convolutions, for any runtime of ONNX.
"""

import argparse
import hashlib
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor

from autodedup.engine.embedding.card import write_card
from autodedup.engine.embedding.crowding import FARTHEST, LOTS, SHORTER, Strangers, strangers
from autodedup.engine.embedding.model_file import FOLDER, ModelFile
from autodedup.engine.embedding.network import (
    DIMENSIONS,
    FAINT,
    LAST_WIDTH,
    LEAST,
    CopyNetwork,
    Halving,
    Residual,
    SymmetricConv,
    SymmetricNorm,
)
from autodedup.engine.embedding.runtime import OnnxModel
from autodedup.engine.embedding.storage import STEPS
from autodedup.engine.embedding.symmetry import POSITIONS

_OPSET = 18
_ENDS: Final = (0, 1, -1, 2**31)  # of the views: the whole, the windows, the small whole
_SIDES: Final = np.array([2, 3], dtype=np.int64)
_LAST_AXIS: Final = np.array([2], dtype=np.int64)  # of three, and of four the one before the last
_FORMAT = 9  # ONNX's own version: read by every onnxruntime since 1.15


class _Chain:
    """A graph that grows at its end. What is kept under one name is stored once."""

    def __init__(self, start: str) -> None:
        self.end = start
        self.nodes: list[NodeProto] = []
        self.numbers: dict[str, TensorProto] = {}

    def keep(
        self, name: str, numbers: NDArray[np.float32] | NDArray[np.int64] | NDArray[np.int8]
    ) -> str:
        if name not in self.numbers:
            self.numbers[name] = numpy_helper.from_array(np.ascontiguousarray(numbers), name)
        return name

    def add(self, operation: str, *more: str, **attributes: int | Sequence[int]) -> str:
        """Apply an operation to the end of the chain and to `more`."""
        result = f"t{len(self.nodes)}"
        node = helper.make_node(operation, [self.end, *more], [result])
        node.attribute.extend(helper.make_attribute(*each) for each in sorted(attributes.items()))
        self.nodes.append(node)
        self.end = result
        return result

    def convolve(
        self, name: str, conv: SymmetricConv, norm: SymmetricNorm, colours: Tensor | None = None
    ) -> None:
        scale, offset = (_plain(each) for each in norm.as_affine())
        filters = _plain(conv.filters()) * scale[:, None, None, None]
        if colours is not None:
            filters = np.einsum("opij,pc->ocij", filters, _plain(colours))
        padding = (conv.side - 1) // 2
        self.add(
            "Conv",
            self.keep(f"{name}.filters", filters),
            self.keep(f"{name}.offset", offset),
            strides=[conv.stride] * 2,
            pads=[padding] * 4,
            kernel_shape=[conv.side] * 2,
        )

    def halve(self, name: str, part: Halving, colours: Tensor | None) -> None:
        self.convolve(name, part.conv, part.norm, colours)
        self.add("Relu")

    def reside(self, name: str, part: Residual) -> None:
        start = self.end
        self.convolve(f"{name}.first", part.first, part.first_norm)
        self.add("Relu")
        self.convolve(f"{name}.second", part.second, part.second_norm)
        self.add("Add", start)
        self.add("Relu")


def model_of(network: CopyNetwork, crowd: Strangers | None = None) -> onnx.ModelProto:
    """Return the network as an ONNX model.

    In: `pictures` (N, H, W, 3) uint8, sides multiples of 32, and `parts` (V, H/16 · W/16) float32,
    how much each place counts in each part; the first is the whole. Out: (N, V + 1, 128) float32,
    the parts and, last, the whole of the picture at half its size. All are of unit length, or with
    `crowd` of the length that `crowding` gives them.
    """
    chain = _Chain("pictures")
    chain.add("Cast", to=TensorProto.FLOAT)
    planes = chain.add("Transpose", perm=[0, 3, 1, 2])
    _places(chain, network)
    places = chain.end
    chain.end = "parts"
    by_place = chain.add("Transpose", perm=[1, 0])
    chain.end = places
    of_parts = chain.add("MatMul", by_place)
    chain.end = planes
    chain.add("AveragePool", kernel_shape=[2, 2], strides=[2, 2])
    _places(chain, network)
    of_small = chain.add("ReduceMean", chain.keep("across", _LAST_AXIS), keepdims=1)
    chain.end = of_parts
    chain.add("Concat", of_small, axis=2)
    _describe(chain, network)
    if crowd is not None:
        _shorten(chain, crowd)
    graph = helper.make_graph(
        chain.nodes,
        "copy",
        [
            helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["n", "h", "w", 3]),
            helper.make_tensor_value_info("parts", TensorProto.FLOAT, ["v", "p"]),
        ],
        [helper.make_tensor_value_info(chain.end, TensorProto.FLOAT, ["n", "views", DIMENSIONS])],
        list(chain.numbers.values()),
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_FORMAT
    )
    onnx.checker.check_model(model)
    return model


def write_model(network: CopyNetwork, crowd: Strangers, folder: Path) -> Path:
    """Write the model into `folder` under a name that its content decides."""
    content = model_of(network, crowd).SerializeToString()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"copy-{hashlib.sha256(content).hexdigest()[:8]}.onnx"
    path.write_bytes(content)
    return path


def trained(path: Path) -> CopyNetwork:
    """Return the network that a training run left in this file."""
    network = CopyNetwork()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True)["network"])
    return network.eval()


def _even(chain: _Chain, network: CopyNetwork) -> None:
    """Write out `CopyNetwork.evened` but for its colours: those are in the first filters.

    Convolutions of one or three channels cost a runtime that counts in sixteens as much as ones of
    sixteen, hence a product of matrices for the brightness.
    """
    planes = chain.end
    mean = chain.add("ReduceMean", chain.keep("sides", _SIDES), keepdims=1)
    chain.end = planes
    centred = chain.add("Sub", mean)
    flat = chain.add("Reshape", chain.keep("rows", np.array([0, 3, -1], dtype=np.int64)))
    chain.end = chain.keep("brightness", _plain(network.opponents[:1, :, 0, 0]))
    chain.add("Mul", chain.add("MatMul", flat))
    chain.add("ReduceMean", chain.keep("across", _LAST_AXIS), keepdims=1)
    # Values are 0 … 255 here and 0 … 1 in training; what they are divided by makes up for it.
    chain.add("Add", chain.keep("faint", np.array(FAINT * 255**2, dtype=np.float32)))
    chain.add("Sqrt")
    spread = chain.add("Reshape", chain.keep("a plane", np.array([0, 1, 1, 1], dtype=np.int64)))
    chain.end = centred
    chain.add("Div", spread)


def _places(chain: _Chain, network: CopyNetwork) -> None:
    """Write out `CopyNetwork.places`: (N, 3, H, W) to (N, 128, places)."""
    _even(chain, network)
    for number, part in enumerate(network.body):
        if isinstance(part, Halving):
            colours = None if number else network.opponents[:, :, 0, 0]
            chain.halve(f"body.{number}", part, colours)
        elif isinstance(part, Residual):
            chain.reside(f"body.{number}", part)
    chain.convolve("widen", network.widen, network.widen_norm)
    wide = chain.add("Relu")
    chain.add("Mul", wide)
    chain.add("Mul", wide)
    apart = np.array([0, LAST_WIDTH, POSITIONS, -1], dtype=np.int64)
    chain.add("Reshape", chain.keep("apart", apart))
    chain.add("ReduceMean", chain.keep("across", _LAST_AXIS), keepdims=0)


def _describe(chain: _Chain, network: CopyNetwork) -> None:
    """Write out the root and `CopyNetwork.described`: (N, 128, V) to (N, V, 128)."""
    chain.add("Transpose", perm=[0, 2, 1])
    chain.add("Add", chain.keep("least", np.array(LEAST, dtype=np.float32)))
    chain.add("Pow", chain.keep("third", np.array(1 / 3, dtype=np.float32)))
    weight, bias = _centred_answer(network)
    chain.add("MatMul", chain.keep("weight", weight.T))
    answer = chain.add("Add", chain.keep("bias", bias))
    length = chain.add("ReduceL2", chain.keep("across", _LAST_AXIS), keepdims=1)
    chain.end = answer
    chain.add("Div", length)


def _shorten(chain: _Chain, crowd: Strangers) -> None:
    """Write out `crowding`: (N, V, 128) of unit length become as long as they are rare."""
    answer = chain.end
    near = []
    for number, those in enumerate(crowd.faced):
        start, end = (
            chain.keep(f"view {_ENDS[edge]}", np.array([_ENDS[edge]], dtype=np.int64))
            for edge in (number, number + 1)
        )
        chain.end = chain.keep(f"strangers.{number}", those)
        chain.add("Cast", to=TensorProto.FLOAT)
        faced = chain.add("Mul", chain.keep("step", np.array(1 / STEPS, dtype=np.float32)))
        chain.end = answer
        chain.add("Slice", start, end, chain.keep("views", np.array([1], dtype=np.int64)))
        chain.add("MatMul", faced)
        chain.add("Reshape", chain.keep("lots", np.array([0, -1, LOTS, those.shape[1] // LOTS])))
        chain.add("ReduceMax", chain.keep("of a lot", np.array([3], dtype=np.int64)), keepdims=0)
        near.append(chain.add("ReduceMean", chain.keep("across", _LAST_AXIS), keepdims=1))
    chain.end = near[0]
    chain.add("Concat", *near[1:], axis=1)
    steps: dict[str, float] = {
        "Sub": crowd.usual,
        "Max": -FARTHEST,
        "Min": FARTHEST,
        "Mul": -SHORTER,
    }
    for operation, limit in steps.items():
        chain.add(operation, chain.keep(f"crowd.{operation}", np.array(limit, dtype=np.float32)))
    chain.add("Exp")
    chain.add("Mul", answer)


def _centred_answer(network: CopyNetwork) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return weight and bias of the last layer with the centring before it folded in."""
    centre, describe = network.centre, network.describe
    if centre.running_mean is None or centre.running_var is None:
        raise ValueError("the network keeps no statistics of its training")
    scale = 1 / torch.sqrt(centre.running_var + centre.eps)
    weight = describe.weight * scale
    return _plain(weight), _plain(describe.bias - weight @ centre.running_mean)


def _plain(tensor: Tensor) -> NDArray[np.float32]:
    return tensor.detach().float().cpu().numpy()


def main() -> None:
    """Read the command line and write model and card."""
    parser = argparse.ArgumentParser(description="Write the model file and its card.")
    parser.add_argument("trained", type=Path, help="network.pt, as `train` left it")
    parser.add_argument("--photographs", type=Path, help="the packages it was trained on")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--note", action="append", default=[], help="what else the card should say")
    given = parser.parse_args()
    network = trained(given.trained)
    plain = ModelFile(given.trained, model_of(network).SerializeToString(), "")
    crowd = strangers(OnnxModel(plain), given.photographs)
    written = write_model(network, crowd, given.folder)
    state = torch.load(given.trained, map_location="cpu", weights_only=True)
    write_card(
        written,
        trained_on=f"{datetime.fromtimestamp(given.trained.stat().st_mtime, UTC):%Y-%m-%d}",
        recipe={**state["recipe"], "stopped after": state["step"]},
        learned_numbers=sum(each.numel() for each in network.parameters()),
        photo_folder=given.photographs,
        notes=tuple(given.note),
    )
    sys.stdout.write(f"{written}\n")


if __name__ == "__main__":
    main()
