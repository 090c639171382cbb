"""The model's process: films ahead are bounded, a stop is heard at once, a death is told."""

import os
import signal
import threading
import time

import numpy as np
import pytest
from tiny_model import TinyModel

from autodedup.engine.errors import CancelledError, InternalFaultError
from autodedup.engine.media.stills import Stills
from autodedup.engine.semantic.process import FILMS_AHEAD, Chosen, Embedder

SIDE = 32


def chosen(tiny: TinyModel) -> Chosen:
    return Chosen(str(tiny.model), str(tiny.weights), "cpu")


def film(seed: int, frames: int = 4) -> Stills:
    pictures = np.random.default_rng(seed).integers(0, 256, (frames, SIDE, SIDE, 3), dtype=np.uint8)
    return Stills(np.arange(frames, dtype=np.float64), pictures)


def test_every_film_comes_back_with_rows_of_its_own(tiny: TinyModel) -> None:
    stop = threading.Event()
    films = {key: film(key, 1 + key % 5) for key in range(2 * FILMS_AHEAD)}
    with Embedder(chosen(tiny)) as embedder:
        assert embedder.ready(stop).side == SIDE
        for key, each in films.items():
            embedder.feed(key, each, stop)
        found = dict(embedder.rest(stop))
    assert found.keys() == films.keys()
    assert all(len(found[key].rows) == len(films[key].times_seconds) for key in films)
    assert len({found[key].rows.tobytes() for key in films}) == len(films)


def test_a_stop_is_heard_while_the_model_loads_and_leaves_no_process(tiny: TinyModel) -> None:
    stop = threading.Event()
    stop.set()
    with Embedder(chosen(tiny)) as embedder, pytest.raises(CancelledError):
        embedder.ready(stop)
    assert embedder.pid is None or not _lives(embedder.pid)


def test_the_death_of_the_process_is_told_and_nobody_waits_for_it(tiny: TinyModel) -> None:
    stop = threading.Event()
    with Embedder(chosen(tiny)) as embedder:
        embedder.ready(stop)
        assert embedder.pid is not None
        os.kill(embedder.pid, signal.SIGTERM)
        with pytest.raises(InternalFaultError):
            for key in range(100 * FILMS_AHEAD):
                embedder.feed(key, film(1), stop)


def _lives(pid: int) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        threading.Event().wait(0.05)
    return True


def test_leaving_an_idle_model_leaves_no_thread(tiny: TinyModel) -> None:
    stop = threading.Event()
    with Embedder(chosen(tiny)) as embedder:
        embedder.ready(stop)
        thread = embedder._thread
    assert not thread.is_alive()


def test_a_stop_while_a_film_is_embedded_is_heard_before_its_end(tiny: TinyModel) -> None:
    stop = threading.Event()
    with Embedder(chosen(tiny)) as embedder:
        embedder.ready(stop)
        assert embedder.pid is not None
        os.kill(embedder.pid, signal.SIGSTOP)  # it will never end this film
        embedder.feed(1, film(1), stop)
        threading.Timer(0.2, stop.set).start()
        with pytest.raises(CancelledError):
            list(embedder.rest(stop))
        thread = embedder._thread
    assert not thread.is_alive()
    assert not _lives(embedder.pid)
