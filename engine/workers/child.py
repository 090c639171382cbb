"""The worker: a process that reads one file after another and may die without harm.

Started as a module of its own and not by `multiprocessing`, which would import the server a
second time. Its pipes to the server are moved aside first, so that nothing a library prints can
get between the messages, and it ends at once when the server does.
"""

import contextlib
import os
import queue
import signal
import sys
import threading
import time
from typing import BinaryIO

from autodedup.engine.errors import FileError
from autodedup.engine.media.probe import probe
from autodedup.engine.media.reading import opened
from autodedup.engine.media.shots import Shots, Wanted, shots
from autodedup.engine.media.stills import Stills, stills
from autodedup.engine.signature.digests import sha256
from autodedup.engine.signature.sign import sign
from autodedup.engine.signature.streams import stream_hash
from autodedup.engine.workers.framing import receive, send
from autodedup.engine.workers.wire import (
    LANGUAGE,
    Alive,
    Digest,
    Refused,
    Request,
    shots_message,
    signature_message,
    stills_message,
)

_SIGN_OF_LIFE_S = 0.2
_USUAL_SIDE = 224  # pixels: what most models of meaning are shown
_MEMORY_BYTES = 4 << 30  # address space: an 8K film of ten bits with sixteen references fits


def main() -> None:
    """Answer requests until the server closes the pipe or dies."""
    asking, answering = own_pipes()
    die_with_parent()
    _bound_resources()
    requests: queue.Queue[Request] = queue.Queue()
    threading.Thread(target=_listen, args=(asking, requests), daemon=True).start()
    send(answering, Alive())
    while True:
        _answer(requests.get(), answering)


def _answer(request: Request, pipe: BinaryIO) -> None:
    life = _Life(pipe)
    try:
        if request.job == "sign":
            signature = sign(
                request.path,
                request.expected,
                life.report,
                embedded=request.embedded,
                why_cpu=request.why_cpu,
            )
            send(pipe, *signature_message(signature))
            return
        if request.job == "stills":
            send(pipe, *stills_message(_stills(request, life)))
            return
        if request.wanted is not None:
            send(pipe, *shots_message(_shots(request, request.wanted, life)))
            return
        hashed = sha256 if request.job == "sha256" else stream_hash
        digest = hashed(request.path, request.expected, life.report)
        send(pipe, Digest(sha256=digest.hex()))
    except FileError as error:
        send(pipe, Refused(code=error.code, detail=error.detail[:1000]))
    except MemoryError:
        send(pipe, Refused(code="DECODE_FAILED", detail="It needs more memory than a worker has."))
    except Exception as error:  # noqa: BLE001  # a fault of ours costs this file, not the worker
        unforeseen = f"The decoder failed in an unforeseen way ({type(error).__name__})."
        send(pipe, Refused(code="DECODER_CRASHED", detail=unforeseen))


def _stills(request: Request, life: "_Life") -> Stills:
    with opened(request.path, request.expected) as file:
        return stills(file, probe(file), request.side or _USUAL_SIDE, life.report)


def _shots(request: Request, wanted: Wanted, life: "_Life") -> Shots:
    with opened(request.path, request.expected) as file:
        return shots(file, probe(file), wanted, life.report)


class _Life:
    """Tells the server now and then that the work has come further."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._told_at = time.monotonic()
        self._furthest = -1.0

    def report(self, progress: float) -> None:
        """Pass a sign of life on, if there is progress and the last one is some time ago."""
        now = time.monotonic()
        if progress > self._furthest and now - self._told_at >= _SIGN_OF_LIFE_S:
            self._told_at, self._furthest = now, progress
            send(self._pipe, Alive())


def own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Return the pipes to the server, and leave empty ones where libraries expect a terminal."""
    asking, answering = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(nothing, standard)
    return asking, answering


def _listen(pipe: BinaryIO, requests: "queue.Queue[Request]") -> None:
    """Take requests in; at the end of the pipe the server is gone, and nobody needs the work."""
    while (message := receive(pipe, LANGUAGE)) is not None:
        if isinstance(message[0], Request):
            requests.put(message[0])
    os._exit(0)


def die_with_parent() -> None:
    """Ask Linux to end this process with its parent, also while a decoder does not return.

    Elsewhere the end of the pipe does it, which needs the interpreter's lock for an instant.
    """
    # A Ctrl-C in the terminal goes to the whole group; the server decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        import ctypes

        set_death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(set_death_signal, signal.SIGKILL)


def _bound_resources() -> None:
    """Bound the memory, and leave no core dump in somebody's folder."""
    if sys.platform != "win32":
        import resource

        for what, limit in ((resource.RLIMIT_AS, _MEMORY_BYTES), (resource.RLIMIT_CORE, 0)):
            # macOS does not take a bound on address space; a stricter one may stand already.
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(what, (limit, limit))


if __name__ == "__main__":
    main()
