"""The worker: a process that reads one file after another and may die without harm.

Started as a module of its own and not by `multiprocessing`, which would import the server a
second time. Its pipes to the server are moved aside first, so that nothing a library prints can
get between the messages, and it ends at once when the server does.
"""

import contextlib
import errno
import os
import queue
import signal
import sys
import threading
from pathlib import Path
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
from autodedup.engine.workers.signs_of_life import SignsOfLife
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
from autodedup.schemas.base import Frozen

_USUAL_SIDE = 224  # pixels: what most models of meaning are shown
_SPENT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})
_MOST_OPEN = 128  # descriptors: a worker between two files has a dozen, a process may have 1,024
# Of 1,000: whom the kernel ends where memory runs out, and not the server.
_EASIEST_TO_SPARE = "500"
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
    head, body, spent = _worked(request, SignsOfLife(lambda: send(pipe, Alive())))
    if spent or _holds_too_much():
        send(pipe, Alive(spent=True))
    send(pipe, head, body)


def _worked(request: Request, life: SignsOfLife) -> tuple[Frozen, bytes, bool]:
    """Return the answer and its body, and whether something gave out that was not the file."""
    try:
        return *_done(request, life), False
    except FileError as error:
        cause = error.__cause__
        spent = isinstance(cause, OSError) and cause.errno in _SPENT
        return Refused(code=error.code, detail=error.detail[:1000]), b"", spent
    except MemoryError:
        lacking = "It needs more memory than a worker has."
        return Refused(code="DECODE_FAILED", detail=lacking), b"", True
    except Exception as error:  # noqa: BLE001  # a fault of ours costs this file, not the worker
        unforeseen = f"The decoder failed in an unforeseen way ({type(error).__name__})."
        return Refused(code="DECODER_CRASHED", detail=unforeseen), b"", False


def _done(request: Request, life: SignsOfLife) -> tuple[Frozen, bytes]:
    if request.job == "sign":
        signature = sign(
            request.path,
            request.expected,
            life.report,
            embedded=request.embedded,
            why_cpu=request.why_cpu,
        )
        return signature_message(signature)
    if request.job == "stills":
        return stills_message(_stills(request, life))
    if request.wanted is not None:
        return shots_message(_shots(request, request.wanted, life))
    hashed = sha256 if request.job == "sha256" else stream_hash
    return Digest(sha256=hashed(request.path, request.expected, life.report).hex()), b""


def _holds_too_much() -> bool:
    """Say whether files left so much behind that the next ones would be refused for it."""
    try:
        if len(os.listdir("/dev/fd")) > _MOST_OPEN:  # noqa: PTH208  # as strings: it is often asked
            return True
        pages = int(Path("/proc/self/statm").read_bytes().split()[0])
    except FileNotFoundError:  # where there is no /proc, the memory is not bounded either
        return False
    except (OSError, MemoryError):
        return True
    return pages * os.sysconf("SC_PAGE_SIZE") > _MEMORY_BYTES // 2


def _stills(request: Request, life: SignsOfLife) -> Stills:
    with opened(request.path, request.expected) as file:
        return stills(file, probe(file), request.side or _USUAL_SIDE, life.report)


def _shots(request: Request, wanted: Wanted, life: SignsOfLife) -> Shots:
    with opened(request.path, request.expected) as file:
        return shots(file, probe(file), wanted, life.report)


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
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(_EASIEST_TO_SPARE)


if __name__ == "__main__":
    main()
