"""The process of the semantic tier: one model, loaded once, that embeds what it is sent.

It is one process whatever the number of workers: a model is large, and a GPU serves one master
best. It opens no video; it has no network; it ends with the server.
"""

import argparse
import os
import sys
from typing import BinaryIO, Literal

import numpy as np

from autodedup.engine.errors import GpuOutOfMemoryError, ModelUnavailableError
from autodedup.engine.semantic.needs import open_clip
from autodedup.engine.semantic.weights import find_files
from autodedup.engine.semantic.wire import LANGUAGE, Frames, Ready, Rows, TooLarge, Unavailable
from autodedup.engine.workers.child import die_with_parent, own_pipes
from autodedup.engine.workers.framing import receive, send


def main() -> None:
    """Load the model, say so, and embed until the server closes the pipe."""
    # Before anything is imported that would ask a hub for what is not here.
    os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"
    asked = _arguments()
    asking, answering = own_pipes()
    die_with_parent()
    try:
        _embed(asked, asking, answering)
    except ModelUnavailableError as error:
        send(answering, Unavailable(message=error.message[:2000], hint=error.hint[:2000]))
    except GpuOutOfMemoryError as error:
        send(answering, TooLarge(message=error.message[:2000], hint=error.hint[:2000]))


def _embed(asked: argparse.Namespace, asking: BinaryIO, answering: BinaryIO) -> None:
    package = open_clip()
    files = find_files(asked.model, asked.weights, package)
    from autodedup.engine.semantic.model import MeaningModel

    device = _device(asked.device)
    model = MeaningModel(files, device, package, memory_share=asked.memory_share)
    send(
        answering,
        Ready(
            recipe=model.recipe,
            dimensions=model.dimensions,
            side=model.side,
            device=device,
            model=files.name,
        ),
    )
    while (message := receive(asking, LANGUAGE)) is not None:
        head, body = message
        if isinstance(head, Frames):
            pictures = np.frombuffer(body, np.uint8).reshape(head.frames, model.side, model.side, 3)
            rows = model.embed(pictures)
            send(answering, Rows(frames=len(rows)), rows.astype("<f4").tobytes())


def _device(wanted: str) -> Literal["cpu", "cuda"]:
    import torch

    if wanted == "cpu":
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise ModelUnavailableError(
            "The server was told to use the GPU, and torch sees none. Nothing was embedded.",
            hint="Start it with --device auto, or install torch for this GPU's driver.",
        )
    return "cpu"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="autodedup semantic process", add_help=False)
    parser.add_argument("--model", required=True)
    parser.add_argument("--weights")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--memory-share", type=float, default=1.0)
    return parser.parse_args(sys.argv[1:])


if __name__ == "__main__":
    main()
