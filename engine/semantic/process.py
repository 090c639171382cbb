"""The semantic tier as the server sees it: films go in, meanings come out, a bounded number ahead.

A thread of its own starts the process, feeds it and listens to it (it has to be the same thread:
see `engine.workers.process`). Frames of several films are sent together, so that short films do
not leave a GPU idle.
"""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from autodedup.engine.errors import (
    AutoDedupError,
    CancelledError,
    GpuOutOfMemoryError,
    InternalFaultError,
    ModelUnavailableError,
)
from autodedup.engine.media.stills import Stills
from autodedup.engine.semantic.vectors import Meanings
from autodedup.engine.semantic.wire import LANGUAGE, Frames, Ready, Rows, TooLarge, Unavailable
from autodedup.engine.workers.framing import NonsenseError, receive, send

Device = Literal["auto", "cpu", "cuda"]
FILMS_AHEAD = 16  # decoded and waiting for the model: bounds the memory
_FRAMES_TOGETHER = 256
_LOOK_S = 0.1  # how often a stop is looked for
_GONE_S = 5.0


@dataclass(frozen=True, slots=True)
class Chosen:
    """The model that the operator wants, and where it is to run."""

    model: str
    weights: str | None
    device: Device = "auto"
    memory_share: float = 1.0


class Embedder:
    """A process that embeds films; ended, whatever it is doing, when the block is left."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen
        self._waiting: queue.Queue[tuple[int, Stills] | None] = queue.Queue(FILMS_AHEAD)
        self._done: queue.Queue[tuple[int, Meanings]] = queue.Queue()
        self._said = threading.Event()  # ready, or failed
        self._ready: Ready | None = None
        self._error: AutoDedupError | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = threading.Event()
        self._given_up = False
        self._last = False  # nothing comes after what was taken
        self._thread = threading.Thread(target=self._live, name="semantic", daemon=True)

    def __enter__(self) -> Self:
        """Start the process; it loads the model while the caller goes on."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the process now."""
        self._given_up = True
        if self._process is not None:
            self._process.kill()
        self._thread.join(_GONE_S)

    @property
    def pid(self) -> int | None:
        """Return the number of the process, once it is started."""
        return None if self._process is None else self._process.pid

    def ready(self, stop: threading.Event) -> Ready:
        """Wait until the model is loaded.

        Raises:
            CancelledError: `stop` was set.
            ModelUnavailableError: The model cannot be used here; it says what is missing.
        """
        while not self._said.wait(_LOOK_S):
            if stop.is_set():
                raise CancelledError("The ingest was stopped before the model was loaded.")
        self._raise()
        if self._ready is None:
            raise InternalFaultError("The process of the semantic tier ended without a word.")
        return self._ready

    def feed(self, key: int, film: Stills, stop: threading.Event) -> None:
        """Hand over a film, waiting while enough of them wait already.

        Raises:
            CancelledError: `stop` was set.
            GpuOutOfMemoryError: Not one frame fits into the GPU's memory.
            InternalFaultError: The process died.
        """
        self._put((key, film), stop)

    def finished(self) -> Iterator[tuple[int, Meanings]]:
        """Yield the films that are embedded by now."""
        while True:
            try:
                yield self._done.get_nowait()
            except queue.Empty:
                return

    def rest(self, stop: threading.Event) -> Iterator[tuple[int, Meanings]]:
        """Yield every other film as it is embedded, to the last one that was handed over.

        Raises:
            CancelledError: `stop` was set.
            GpuOutOfMemoryError: Not one frame fits into the GPU's memory.
            InternalFaultError: The process died.
        """
        self._put(None, stop)
        while not self._ended.wait(_LOOK_S):
            if stop.is_set():
                raise CancelledError("The ingest was stopped; what was embedded is kept.")
            yield from self.finished()
        yield from self.finished()
        self._raise()

    def _put(self, film: tuple[int, Stills] | None, stop: threading.Event) -> None:
        while not self._ended.is_set():
            if stop.is_set():
                raise CancelledError("The ingest was stopped; what was embedded is kept.")
            try:
                self._waiting.put(film, timeout=_LOOK_S)
            except queue.Full:
                continue
            return
        self._raise()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _live(self) -> None:
        try:
            self._serve()
        except AutoDedupError as error:
            self._error = error
        except (OSError, NonsenseError) as error:
            self._error = InternalFaultError(f"The process of the semantic tier failed: {error}.")
        finally:
            self._said.set()
            self._ended.set()

    def _serve(self) -> None:
        chosen = self._chosen
        command = [sys.executable, "-P", "-m", "autodedup.engine.semantic.child"]
        command += ["--model", chosen.model, "--device", chosen.device]
        command += ["--memory-share", str(chosen.memory_share)]
        command += [] if chosen.weights is None else ["--weights", chosen.weights]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        ) as process:
            self._process = process
            if self._given_up:
                process.kill()
            try:
                head, _ = self._answer(process)
                if not isinstance(head, Ready):
                    raise NonsenseError("it did not say that it is ready")
                self._ready = head
                self._said.set()
                while (films := self._together()) is not None:
                    self._embed(process, head, films)
            finally:
                process.kill()

    def _together(self) -> list[tuple[int, Stills]] | None:
        """Take what waits, up to a number of frames; None when nothing more will come."""
        if self._last:
            return None
        films: list[tuple[int, Stills]] = []
        frames = 0
        while frames < _FRAMES_TOGETHER:
            if self._given_up:
                return None
            try:
                film = self._waiting.get(timeout=0 if films else _LOOK_S)
            except queue.Empty:
                if films:
                    break
                continue
            if film is None:
                self._last = True
                break
            films.append(film)
            frames += len(film[1].times_seconds)
        return films or None

    def _embed(
        self, process: "subprocess.Popen[bytes]", ready: Ready, films: list[tuple[int, Stills]]
    ) -> None:
        pictures = np.concatenate([film.pictures for _, film in films])
        if process.stdin is None:
            raise NonsenseError("it has no pipe")
        send(process.stdin, Frames(frames=len(pictures)), pictures.tobytes())  # type: ignore[arg-type]  # IO[bytes] is a BinaryIO by another name
        head, body = self._answer(process)
        if not isinstance(head, Rows) or len(body) != 4 * len(pictures) * ready.dimensions:
            raise NonsenseError("rows that do not fit the frames")
        rows = np.frombuffer(body, "<f4").reshape(len(pictures), ready.dimensions)
        if not np.isfinite(rows).all():
            raise NonsenseError("rows that are no numbers")
        start = 0
        for key, film in films:
            end = start + len(film.times_seconds)
            self._done.put((key, Meanings(ready.recipe, film.times_seconds, rows[start:end])))
            start = end

    def _answer(self, process: "subprocess.Popen[bytes]") -> tuple[Ready | Rows, bytes]:
        message = None if process.stdout is None else receive(process.stdout, LANGUAGE)  # type: ignore[arg-type]  # as above
        if message is None:
            raise InternalFaultError(
                "The process of the semantic tier died. What was embedded before is kept."
            )
        head, body = message
        if isinstance(head, Unavailable):
            raise ModelUnavailableError(head.message, hint=head.hint)
        if isinstance(head, TooLarge):
            raise GpuOutOfMemoryError(head.message, hint=head.hint)
        if isinstance(head, Frames):
            raise NonsenseError("a request for an answer")
        return head, body
