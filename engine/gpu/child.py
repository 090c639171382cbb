"""The process of the GPU: one, whatever the number of workers, with a thread for each decoder.

A GPU's memory and its context are had once; seven decoders work side by side in one process. A film
that NVDEC cannot do is handed back with the reason, for a worker on the CPU. A driver that crashes
takes this process and nothing else.
"""

import argparse
import queue
import sys
import threading
from types import ModuleType
from typing import TYPE_CHECKING, BinaryIO

from autodedup.engine.errors import FileError, ModelUnavailableError
from autodedup.engine.gpu.memory import divided
from autodedup.engine.gpu.wire import (
    LANGUAGE,
    Alive,
    Ask,
    LeftToCpu,
    Ready,
    RefusedFile,
    Signed,
    Unusable,
)
from autodedup.engine.media.choose import Chip
from autodedup.engine.media.costs import Costs
from autodedup.engine.workers.child import die_with_parent, own_pipes
from autodedup.engine.workers.framing import receive, send
from autodedup.engine.workers.signs_of_life import SignsOfLife
from autodedup.engine.workers.wire import signature_message
from autodedup.schemas.base import Frozen

if TYPE_CHECKING:
    from autodedup.engine.embedding.torch_runtime import TorchModel
    from autodedup.engine.gpu.sign import GpuSigner

_MOST_AT_ONCE = 16
_SPARE = 2  # beyond the decoders


class Service:
    """Signs films for the server, several at once."""

    def __init__(
        self,
        pipe: BinaryIO,
        nvc: ModuleType,
        chip: Chip,
        device: str,
        *,
        thread_bytes: int | None = None,
    ) -> None:
        """Make one; each thread's surfaces take no more than `thread_bytes`."""
        self._pipe, self._nvc, self._chip, self._device = pipe, nvc, chip, device
        self._thread_bytes = thread_bytes
        self._lock = threading.Lock()
        self._costs = Costs()
        self._model: TorchModel | None = _copy_model(device)
        self._asked: queue.Queue[Ask] = queue.Queue()
        self.at_once = films_at_once(chip)

    def run(self, asking: BinaryIO) -> None:
        """Answer until the server closes the pipe."""
        for number in range(self.at_once):
            threading.Thread(target=self._sign_on, name=f"nvdec {number}", daemon=True).start()
        self.tell(Ready(gpu=self._chip.name, at_once=self.at_once))
        while (message := receive(asking, LANGUAGE)) is not None:
            if isinstance(message[0], Ask):
                self._asked.put(message[0])

    def tell(self, head: Frozen, body: bytes = b"") -> None:
        """Send one message."""
        with self._lock:
            send(self._pipe, head, body)

    def _sign_on(self) -> None:
        from autodedup.engine.gpu.sign import GpuSigner

        signer = GpuSigner(
            self._nvc, self._chip, self._model, self._device, most_bytes=self._thread_bytes
        )
        while True:
            self._answer(signer, self._asked.get())

    def _answer(self, signer: "GpuSigner", ask: Ask) -> None:
        from autodedup.engine.media.nvdec import NotByNvdecError

        life = SignsOfLife(lambda: self.tell(Alive(key=ask.key)))
        try:
            signature, known = signer.sign(
                ask.path,
                ask.expected,
                life.report,
                embedded=ask.embedded,
                costs=self._costs,
                cpu_wait_s=ask.cpu_wait_s,
            )
            self._costs = known
        except NotByNvdecError as error:
            self.tell(LeftToCpu(key=ask.key, why=str(error)[:1000]))
        except FileError as error:
            self.tell(RefusedFile(key=ask.key, code=error.code, detail=error.detail[:1000]))
        except Exception as error:  # noqa: BLE001  # a thread that ended would take its decoder along
            # A full memory among them: the CPU has another.
            said = " ".join(str(error).split())[:300] or type(error).__name__
            self.tell(LeftToCpu(key=ask.key, why=f"the GPU failed on it ({said})"))
        else:
            head, body = signature_message(signature)
            self.tell(Signed(key=ask.key, head=head), body)


def films_at_once(chip: Chip) -> int:
    """Return how many films are in hand: one a decoder, one being opened, one being hashed."""
    return min(chip.engines + _SPARE, _MOST_AT_ONCE)


def main() -> None:
    """Find the GPU, say so, and sign until the server closes the pipe."""
    parser = argparse.ArgumentParser(prog="autodedup GPU process", add_help=False)
    parser.add_argument("--memory-share", type=float, default=1.0)
    share = parser.parse_args(sys.argv[1:]).memory_share
    asking, answering = own_pipes()
    die_with_parent()
    try:
        import PyNvVideoCodec as nvc  # noqa: N813  # its own documents call it so
        import torch

        if not torch.cuda.is_available():
            send(answering, Unusable(why="there is a GPU, but this torch was built without CUDA"))
            return
        from autodedup.engine.gpu.chip import chip_of

        chip = chip_of(nvc, torch.cuda.get_device_name())
        total = torch.cuda.get_device_properties(0).total_memory
        memory = divided(share, total, films_at_once(chip))
        torch.cuda.set_per_process_memory_fraction(memory.torch_share)
        # Convolutions as precise as on the CPU; a GPU would round what it multiplies to ten bits.
        torch.backends.cudnn.allow_tf32 = False
    except (ImportError, OSError, RuntimeError) as error:
        said = " ".join(str(error).split())[:300] or type(error).__name__
        send(answering, Unusable(why=f"the GPU's decoder does not load ({said})"))
        return
    Service(answering, nvc, chip, "cuda", thread_bytes=memory.thread_bytes).run(asking)


def _copy_model(device: str) -> "TorchModel | None":
    """Return the copy model on the device, None where it does not run there."""
    from autodedup.engine.embedding.model_file import read_model

    try:
        from autodedup.engine.embedding.torch_runtime import TorchModel

        return TorchModel(read_model(), device)
    except (ImportError, ModelUnavailableError):
        return None


if __name__ == "__main__":
    main()
