"""Worker processes: what a file can do to one, and what that costs the others."""

import io
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autodedup.engine.media.reading import Seen
from autodedup.engine.signature.digests import sha256
from autodedup.engine.signature.sign import sign
from autodedup.engine.workers import process
from autodedup.engine.workers.framing import NonsenseError, receive, send
from autodedup.engine.workers.pool import WorkerPool, default_size
from autodedup.engine.workers.process import Answer, Death, WorkerProcess
from autodedup.engine.workers.tasks import DigestTask, SignTask, StreamHashTask, Task, V
from autodedup.engine.workers.wire import (
    LANGUAGE,
    Alive,
    Request,
    SignatureHead,
    in_hex,
    signature_message,
    signature_of,
)

needs_signals = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    with WorkerPool(2, timeout_s=20.0) as pool:
        yield pool


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A file that takes very long to hash and no room on the disk."""
    path = tmp_path / "endless.mp4"
    with path.open("wb") as file:
        file.truncate(1 << 42)
    return path


def task(kind: type[Task[V]], key: int, path: Path) -> Task[V]:
    return kind(key=key, path=os.fspath(path), expected=Seen.of(path.stat()))


def never() -> threading.Event:
    return threading.Event()


def test_a_signature_arrives_as_it_was_made(pool: WorkerPool, video: Path) -> None:
    (outcome,) = pool.run([task(SignTask, 7, video)], never())

    assert outcome.error is None
    assert outcome.task.key == 7
    mine, theirs = sign(os.fspath(video)), outcome.value
    assert (mine.facts, mine.route, mine.notes) == (theirs.facts, theirs.route, theirs.notes)
    for name in ("times_seconds", "hashes", "quality", "anchor_whashes"):
        one, other = getattr(mine, name), getattr(theirs, name)
        assert one.dtype == other.dtype
        assert np.array_equal(one, other)
    assert theirs.embeddings is None


def test_embeddings_arrive_as_they_were_made(pool: WorkerPool, video: Path) -> None:
    (outcome,) = pool.run([replace(task(SignTask, 7, video), embedded=True)], never())

    assert outcome.error is None
    mine, theirs = sign(os.fspath(video), embedded=True).embeddings, outcome.value.embeddings
    assert mine is not None
    assert theirs is not None
    assert mine.recipe == theirs.recipe
    assert np.array_equal(mine.rows, theirs.rows)


def test_hashes_arrive(pool: WorkerPool, video: Path) -> None:
    (digest,) = pool.run([task(DigestTask, 1, video)], never())
    (streams,) = pool.run([task(StreamHashTask, 1, video)], never())

    assert digest.error is None
    assert digest.value == sha256(os.fspath(video))
    assert streams.error is None
    assert len(streams.value) == 32


def test_every_file_has_one_outcome_and_a_bad_one_costs_itself_only(
    pool: WorkerPool, video: Path, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    files = [video, empty, video, empty, video]

    outcomes = list(pool.run([task(SignTask, n, f) for n, f in enumerate(files)], never()))

    assert sorted(outcome.task.key for outcome in outcomes) == [0, 1, 2, 3, 4]
    codes = {o.task.key: o.error.code if o.error else None for o in outcomes}
    assert codes == {0: None, 1: "EMPTY_FILE", 2: None, 3: "EMPTY_FILE", 4: None}


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names are UTF-8")
def test_a_name_that_is_not_utf8_reaches_the_worker(pool: WorkerPool, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\n.mp4"))
    path.write_bytes(b"content")

    (outcome,) = pool.run([task(DigestTask, 1, path)], never())

    assert outcome.error is None


def test_a_file_that_is_not_what_was_seen_is_refused(pool: WorkerPool, video: Path) -> None:
    status = video.stat()
    seen = SignTask(key=1, path=os.fspath(video), expected=Seen(status.st_size, 1))

    (outcome,) = pool.run([seen], never())

    assert outcome.error is not None
    assert outcome.error.code == "FILE_CHANGED"


def busy_worker(pool: WorkerPool, seen: set[int]) -> int:
    """Wait until a worker other than those has been started and return its number."""
    while True:
        for pid in pool.pids():
            if pid and pid not in seen:
                return pid


@needs_signals
@pytest.mark.parametrize("how", ["SIGSEGV", "SIGKILL"])  # a decoder's crash; the kernel's memory
def test_a_worker_that_dies_costs_the_file_in_hand_and_is_replaced(
    how: str, endless: Path, video: Path
) -> None:
    with WorkerPool(1, timeout_s=60.0) as pool:
        deadly = signal.Signals[how]
        killer = threading.Thread(target=lambda: os.kill(busy_worker(pool, set()), deadly))
        # The first word has to be out before the signal: a worker that never spoke is our fault.
        (warm,) = pool.run([task(DigestTask, 0, video)], never())
        assert warm.error is None
        killer.start()
        first, second = pool.run(
            [task(DigestTask, 1, endless), task(DigestTask, 2, video)], never()
        )
        killer.join()

    assert first.error is not None
    assert first.error.code == "DECODER_CRASHED"
    assert how in first.error.detail
    assert second.error is None


@needs_signals
def test_a_worker_that_makes_no_progress_is_stopped(endless: Path, video: Path) -> None:
    with WorkerPool(1, timeout_s=0.5) as pool:
        assert [o.error for o in pool.run([task(DigestTask, 0, video)], never())] == [None]
        os.kill(pool.pids()[0], signal.SIGSTOP)
        first, second = pool.run(
            [task(DigestTask, 1, endless), task(DigestTask, 2, video)], never()
        )

    assert first.error is not None
    assert first.error.code == "DECODE_TIMEOUT"
    assert second.error is None


def test_progress_keeps_a_slow_file_alive(tmp_path: Path) -> None:
    path = tmp_path / "slow.mp4"
    with path.open("wb") as file:
        file.truncate(768 << 20)
    with WorkerPool(1, timeout_s=0.5) as pool:
        (outcome,) = pool.run([task(DigestTask, 1, path)], never())
    assert outcome.error is None


def test_progress_without_end_is_stopped_too(
    endless: Path, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with WorkerPool(1, timeout_s=60.0) as pool:
        assert [o.error for o in pool.run([task(DigestTask, 0, video)], never())] == [None]
        for name, value in (("_PATIENCES", 0), ("_START_S", 0.3), ("_SLOWEST_BYTES_S", 1 << 60)):
            monkeypatch.setattr(process, name, value)
        (outcome,) = pool.run([task(DigestTask, 1, endless)], never())

    assert outcome.error is not None
    assert outcome.error.code == "DECODE_TIMEOUT"


def test_a_stop_ends_the_work_in_hand_at_once(endless: Path) -> None:
    stop = threading.Event()
    with WorkerPool(1, timeout_s=60.0) as pool:
        timer = threading.Timer(0.3, stop.set)
        timer.start()
        assert list(pool.run([task(DigestTask, 1, endless)], stop)) == []
        timer.join()
        assert pool.pids() == ()


def test_an_abandoned_run_leaves_the_pool_usable(endless: Path, video: Path) -> None:
    with WorkerPool(2, timeout_s=60.0) as pool:
        running = pool.run([task(DigestTask, 1, video), task(DigestTask, 2, endless)], never())
        assert next(running).task.key == 1
        running.close()
        (outcome,) = pool.run([task(DigestTask, 3, video)], never())
    assert outcome.error is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_die_with_a_server_that_is_killed(endless: Path) -> None:
    code = (
        "import sys, threading\n"
        "from autodedup.engine.media.reading import Seen\n"
        "from autodedup.engine.workers.pool import WorkerPool\n"
        "from autodedup.engine.workers.tasks import DigestTask\n"
        "pool = WorkerPool(1, timeout_s=60.0)\n"
        "path, size, time = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])\n"
        "def tell():\n"
        "    while not pool.pids(): pass\n"
        "    print(*pool.pids(), flush=True)\n"
        "threading.Thread(target=tell, daemon=True).start()\n"
        "task = DigestTask(key=1, path=path, expected=Seen(size, time))\n"
        "list(pool.run([task], threading.Event()))\n"
    )
    status = endless.stat()
    arguments = [os.fspath(endless), str(status.st_size), str(status.st_mtime_ns)]
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        worker = int(server.stdout.readline())
        server.kill()
    deadline = threading.Event()
    for _ in range(200):
        if _is_gone(worker):
            return
        deadline.wait(0.05)
    pytest.fail("the worker outlived its server")


def _is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def test_a_file_in_the_working_folder_is_not_run_in_our_place(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("av", "numpy", "autodedup", "queue"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(3)")
    monkeypatch.chdir(tmp_path)

    with WorkerPool(1, timeout_s=20.0) as pool:
        (outcome,) = pool.run([task(SignTask, 1, video)], never())

    assert outcome.error is None


@pytest.mark.parametrize("embedded", [False, True])
def test_what_a_worker_says_cannot_run_as_code_and_is_checked(video: Path, embedded: bool) -> None:
    head, body = signature_message(sign(os.fspath(video), embedded=embedded))
    for bad in (body[:-1], body + b"\0", b"\xff" * len(body)):
        with pytest.raises(NonsenseError):
            signature_of(head, bad)
    with pytest.raises(NonsenseError):
        signature_of(head.model_copy(update={"recipe": "other"}), body)
    for raw in (
        b"\xff" * 64,
        (4).to_bytes(4, "little") + bytes(4) + b"junk",
        (20).to_bytes(4, "little") + bytes(4) + b'{"kind": "no such" }',
    ):
        with pytest.raises(NonsenseError):
            receive(io.BytesIO(raw), LANGUAGE)


def test_messages_survive_the_pipe(video: Path) -> None:
    pipe = io.BytesIO()
    head, body = signature_message(sign(os.fspath(video)))
    send(pipe, Alive())
    send(pipe, head, body)
    pipe.seek(0)

    assert receive(pipe, LANGUAGE) == (Alive(), b"")
    message = receive(pipe, LANGUAGE)
    assert message is not None
    assert isinstance(message[0], SignatureHead)
    assert message == (head, body)
    assert receive(pipe, LANGUAGE) is None


def test_a_request_keeps_any_name() -> None:
    name = os.fsdecode(b"/v/caf\xe9 \x1b.mp4") if os.name != "nt" else "C:\\v\\a.mp4"
    request = Request(job="sign", path_hex=in_hex(name), expected=Seen(1, 2))
    assert Request.model_validate_json(request.model_dump_json()).path == name


def test_there_is_at_least_one_worker() -> None:
    assert default_size() >= 1


@needs_signals
def test_a_worker_that_dies_with_words_unread_is_told_as_dead() -> None:
    inbox: queue.Queue[tuple[WorkerProcess, Answer | Death]] = queue.Queue()
    worker = WorkerProcess(inbox)
    assert worker._process is not None
    assert worker._process.stdin is not None
    worker._process.stdin.write(b"{")  # still in our buffer: closing the pipe will fail
    os.kill(worker.pid, signal.SIGKILL)
    _, last = inbox.get(timeout=60)
    assert isinstance(last, Death)
    worker.join()
    worker.ask(Request(job="sha256", path_hex="6e", expected=Seen(1, 1)))  # and nothing happens
