"""A worker that runs out of something is replaced, and no file pays for what others left behind."""

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ingest
from worker_faults import when_opening

from autodedup.engine.media.reading import Seen
from autodedup.engine.opening import open_library
from autodedup.engine.settings import Settings
from autodedup.engine.store import files
from autodedup.engine.workbench import Workbench
from autodedup.engine.workers.pool import WorkerPool
from autodedup.engine.workers.tasks import DigestTask, Outcome

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds names in /proc")
Fault = Callable[[str], None]


@pytest.fixture
def fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fault:
    return lambda what: when_opening(what, tmp_path, monkeypatch)


def hashed(pool: WorkerPool, *paths: Path) -> list[Outcome[bytes]]:
    tasks = [
        DigestTask(key=n, path=os.fspath(path), expected=Seen.of(path.stat()))
        for n, path in enumerate(paths)
    ]
    return sorted(pool.run(tasks, threading.Event()), key=lambda outcome: outcome.task.key)


def codes(outcomes: list[Outcome[bytes]]) -> list[str | None]:
    return [outcome.error.code if outcome.error else None for outcome in outcomes]


def test_a_worker_that_leaks_descriptors_is_replaced_before_a_file_is_refused_for_it(
    fault: Fault, video: Path
) -> None:
    fault("[os.dup(fd) for _ in range(100)]")
    seen: set[int] = set()
    with WorkerPool(1, timeout_s=60.0) as pool:
        for _ in range(6):
            assert codes(hashed(pool, video)) == [None]
            seen.update(pool.pids())
    assert len(seen) >= 3  # of 200 left behind by two files, the third is not asked to add to


@pytest.mark.parametrize("want", ["MemoryError", "OSError(24, 'Too many open files')"])
def test_a_worker_that_has_run_out_gives_its_file_to_another(
    want: str, fault: Fault, video: Path
) -> None:
    fault(f"if opened > 1: raise {want}")
    with WorkerPool(1, timeout_s=60.0) as pool:
        assert codes(hashed(pool, video, video, video)) == [None] * 3


def test_a_worker_that_keeps_memory_is_replaced(fault: Fault, video: Path) -> None:
    fault("import mmap; kept = globals().setdefault('kept', []); kept.append(mmap.mmap(-1, 1<<30))")
    with WorkerPool(1, timeout_s=60.0) as pool:
        assert codes(hashed(pool, *[video] * 8)) == [None] * 8


def test_a_file_that_needs_more_memory_than_there_is_is_refused_once_and_costs_itself(
    fault: Fault, video: Path, tmp_path: Path
) -> None:
    (huge := tmp_path / "huge.mp4").write_bytes(b"more than a worker has")
    fault("if name == 'huge.mp4': raise MemoryError")
    with WorkerPool(1, timeout_s=60.0) as pool:
        first, second, third = hashed(pool, video, huge, video)
    assert codes([first, third]) == [None, None]
    assert second.error is not None
    assert second.error.code == "DECODE_FAILED"
    assert "more memory than a worker has" in second.error.detail


def test_where_memory_runs_out_the_kernel_ends_a_worker_before_the_server(video: Path) -> None:
    with WorkerPool(1, timeout_s=60.0) as pool:
        assert codes(hashed(pool, video)) == [None]
        (worker,) = pool.pids()
        spared = int(Path("/proc/self/oom_score_adj").read_text())
        assert int(Path(f"/proc/{worker}/oom_score_adj").read_text()) > spared


def test_a_file_that_killed_two_workers_is_left_alone_until_it_is_asked_for_again(
    fresh_library: Path, open_bench: Callable[..., Workbench], fault: Fault
) -> None:
    (fresh_library / "camera/garden.mp4").rename(fresh_library / "camera/deadly.mp4")
    fault("if name == 'deadly.mp4': os.kill(os.getpid(), 9)")
    bench = open_bench(fresh_library)

    def deaths(**how: object) -> tuple[int, int]:
        answer = ingest(bench, tiers=["perceptual"], **how)
        assert answer.status == "complete"
        db, _ = open_library(
            Settings(root=(fresh_library,)), fresh_library / ".autodedup" / "state.db"
        )
        (row,) = (row for row in files.select(db) if row.path == "camera/deadly.mp4")
        assert (row.status, row.code) == ("BROKEN", "DECODER_CRASHED")
        assert "SIGKILL" in (row.detail or "")
        return answer.errors_by_code.get("DECODER_CRASHED", 0), row.crashes

    assert deaths() == (1, 1)
    assert deaths() == (1, 2)
    assert deaths() == (0, 2)
    assert deaths(retry_failed=True) == (1, 3)
