"""The GPU's process beside the workers, with the stand-in: whatever befalls it, no film is lost."""

import os
import sys
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("onnx", reason="the copy model in torch needs onnx")

from autodedup.engine.footage.encode import Encoding, encode
from autodedup.engine.footage.film import render_film
from autodedup.engine.gpu.lane import GpuLane, LaneOutcome, Left
from autodedup.engine.gpu.state import GpuState, gpu_state
from autodedup.engine.ingest.decoders import Decoders
from autodedup.engine.media.reading import Seen
from autodedup.engine.settings import Settings
from autodedup.engine.signature.model import Signature
from autodedup.engine.workers.pool import WorkerPool
from autodedup.engine.workers.tasks import Outcome, SignTask

CHILD = Path(__file__).parents[1] / "gpu_child_stand_in.py"
PATIENT_S = 120.0
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/fd")


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four small films and one that is no film."""
    folder = tmp_path_factory.mktemp("films")
    made = []
    for number in range(4):
        path = folder / f"film{number}.mp4"
        encode(render_film(number, size=(160, 90), seconds=2.0), path, Encoding())
        made.append(path)
    broken = folder / "broken.mp4"
    broken.write_bytes(b"\0" * 5000)
    return [*made, broken]


def tasks_of(films: list[Path], *, embedded: bool = False) -> Iterator[SignTask]:
    for key, path in enumerate(films):
        seen = Seen.of(path.stat())
        yield SignTask(key=key, path=os.fspath(path), expected=seen, embedded=embedded)


def lane(*, timeout_s: float = PATIENT_S) -> GpuLane:
    return GpuLane(memory_share=1.0, timeout_s=timeout_s, command=[sys.executable, str(CHILD)])


def loaded(made: GpuLane) -> GpuLane:
    """Wait until the process is ready, so that the CPU does not take every film meanwhile."""
    made.start()
    while not made.gpu:
        assert made.unusable is None
        assert not list(made._news())
    return made


def signed(
    films: list[Path], made: GpuLane, stop: threading.Event | None = None, *, embedded: bool = False
) -> dict[int, Outcome[Signature]]:
    with WorkerPool(1, timeout_s=PATIENT_S) as pool:
        decoders = Decoders(pool, GpuState(usable=True, why="stand-in"), made)
        outcomes = decoders.run(tasks_of(films, embedded=embedded), stop or threading.Event())
        return {outcome.task.key: outcome for outcome in outcomes}


def routes(outcomes: dict[int, Outcome[Signature]]) -> dict[int, tuple[str, str]]:
    return {
        key: (outcome.value.route.decoder, outcome.value.route.why)
        for key, outcome in outcomes.items()
        if outcome.error is None
    }


def test_every_film_has_one_outcome_and_the_gpu_has_its_share(films: list[Path]) -> None:
    found = signed(films, loaded(lane()), embedded=True)
    assert sorted(found) == list(range(len(films)))
    error = found[4].error
    assert error is not None
    assert error.code == "NOT_MEDIA"
    by_gpu = [key for key, (decoder, _) in routes(found).items() if decoder == "nvdec"]
    assert by_gpu
    for key in by_gpu:
        outcome = found[key]
        assert outcome.error is None
        assert outcome.value.embeddings is not None
        assert outcome.value.embeddings.rows.any()


def test_a_film_that_kills_the_gpus_process_is_signed_by_the_cpu_and_the_route_says_so(
    films: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRASH_ON", "film")
    found = signed(films, loaded(lane()))
    assert sorted(found) == list(range(len(films)))
    told = routes(found)
    assert {decoder for decoder, _ in told.values()} == {"pyav"}
    assert any("died" in why for _, why in told.values())


def test_a_film_on_which_the_gpu_hangs_is_taken_from_it(
    films: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANG_ON", "film1")
    found = signed(films[1:2], loaded(lane(timeout_s=2.0)))
    decoder, why = routes(found)[0]
    assert decoder == "pyav"
    assert "no progress" in why


def test_a_film_on_which_the_gpu_hangs_does_not_hold_up_the_others(
    films: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANG_ON", "film1")
    found = signed(films[:4], loaded(lane(timeout_s=10.0)))
    assert list(found)[-1] == 1  # the others came before it was given up
    assert sorted(found) == [0, 1, 2, 3]
    assert "no progress" in routes(found)[1][1]


def test_what_was_in_hand_when_the_process_was_stopped_for_another_film_is_not_blamed(
    films: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANG_ON", "film")
    made = loaded(lane(timeout_s=PATIENT_S))
    waiting = tasks_of(films[:2])
    never = threading.Event()
    outcomes = made.run(lambda: next(waiting, None), lambda: True, lambda: 0.0, never)
    told: list[LaneOutcome] = []
    listening = threading.Thread(target=lambda: told.extend(islice(outcomes, 2)))
    listening.start()
    while len(made._in_hand) < 2:
        threading.Event().wait(0.05)
    made._in_hand[0].heard_at -= 2 * PATIENT_S
    listening.join(PATIENT_S)
    made.close()
    first, second = told
    assert isinstance(first, Left)
    assert first.task.key == 0
    assert "no progress on it" in first.why
    assert isinstance(second, Left)
    assert second.why == "the GPU process was stopped: it made no progress on another film"


def test_a_stop_ends_both_and_leaves_no_process(
    films: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANG_ON", "film")
    stop = threading.Event()
    made = loaded(lane())
    waiting = threading.Thread(target=signed, args=(films[:1], made, stop))
    waiting.start()
    pid = made.pid
    assert pid is not None
    while not made._in_hand:
        threading.Event().wait(0.05)
    stop.set()
    waiting.join(PATIENT_S)
    assert not waiting.is_alive()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_gpu_process_that_cannot_start_leaves_everything_to_the_cpu(films: list[Path]) -> None:
    made = GpuLane(memory_share=1.0, timeout_s=PATIENT_S, command=["/no/such/program"])
    found = signed(films[:2], made)
    assert made.unusable == "its process cannot be started"
    assert {decoder for decoder, _ in routes(found).values()} == {"pyav"}


def test_the_gpus_own_process_says_why_it_cannot_be_used_here(films: list[Path]) -> None:
    """On this machine the real one finds no decoder, no driver or no GPU."""
    made = GpuLane(memory_share=1.0, timeout_s=PATIENT_S)
    made.start()
    while made.unusable is None and not made.gpu:  # else the CPU has both films before it is heard
        assert not list(made._news())
    if made.gpu:
        made.close()
        pytest.skip("there is a GPU here")
    found = signed(films[:2], made)
    assert len(routes(found)) == 2
    assert all(decoder == "pyav" for decoder, _ in routes(found).values())


def test_a_machine_without_a_gpu_says_so_in_every_route(films: list[Path]) -> None:
    state = gpu_state(Settings.model_validate({"device": "cpu"}))
    assert not state.usable
    with WorkerPool(1, timeout_s=PATIENT_S) as pool:
        outcomes = list(Decoders(pool, state, None).run(tasks_of(films[:1]), threading.Event()))
    (outcome,) = outcomes
    assert outcome.error is None
    assert outcome.value.route.why == "the server was told to use the CPU"
