"""Long work can be waited for, looked at and stopped from any server, and leaves nothing behind."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from autodedup.engine import jobs
from autodedup.engine.caller import Caller
from autodedup.engine.errors import DatabaseLockedError
from autodedup.engine.jobs import JobKind, Jobs
from autodedup.engine.store import jobs as table
from autodedup.engine.store import leases
from autodedup.engine.store.database import Database
from autodedup.schemas.find_duplicates import FindArguments
from autodedup.schemas.jobs import JobAnswer, JobArguments, Progress


class CountAnswer(JobAnswer):
    """How far was counted."""

    status: str
    counted: int


@dataclass(slots=True)
class Counting:
    """Work that has counted to three and goes on until it is stopped or let go."""

    over: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    refuses: bool = False

    def run(self, stop: threading.Event) -> CountAnswer:
        if self.refuses:
            time.sleep(0.1)
            raise DatabaseLockedError("Somebody else is at work.")
        self.begun.set()
        while not self.over.wait(0.01):
            if stop.is_set():
                return CountAnswer(status="cancelled", counted=3)
        return CountAnswer(status="complete", counted=4)

    def snapshot(self) -> CountAnswer:
        return CountAnswer(status="running", counted=3)

    def progress(self) -> Progress:
        return Progress(done=3, total=4, unit="numbers")


GONE = leases.process_name().rpartition(":")[0] + ":former"  # a process that had our number
AT_ONCE = Caller(lambda _progress: None)


@dataclass(slots=True)
class Server:
    """One server's jobs, all of which do the same work."""

    db: Database
    work: Counting
    jobs: Jobs
    made: list[JobArguments]

    def call(self, caller: Caller = AT_ONCE, **arguments: object) -> CountAnswer:
        asked = FindArguments.model_validate(arguments)
        return self.jobs.call(self.kind(), asked, caller=caller)

    def kind(self) -> JobKind[FindArguments, CountAnswer]:
        return JobKind("count", FindArguments, CountAnswer, self._make)

    def _make(self, arguments: FindArguments) -> Counting:
        self.made.append(arguments)
        return self.work


def server(path: Path) -> Server:
    db = Database(path)
    return Server(db, Counting(), Jobs(lambda: db), [])


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Server]:
    made = server(tmp_path / "state.db")
    yield made
    made.work.over.set()


@pytest.fixture
def elsewhere(here: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """Another server on the same state, for which everything it did not start is alive."""
    monkeypatch.setattr(jobs, "is_gone", lambda _owner: False)
    monkeypatch.setattr(jobs, "ATTEND_S", 0.02)
    monkeypatch.setattr(jobs, "TELL_S", 0.02)
    return server(here.db.path)


def disown(db: Database) -> int:
    """Leave a job behind as a process that is gone would."""
    number = table.start(db, "count", {})
    with db.atomic() as connection:
        connection.execute("UPDATE jobs SET owner = ? WHERE id = ?", (GONE, number))
    return number


def test_a_job_that_has_ended_holds_neither_memory_nor_files(here: Server) -> None:
    before = {thread for thread, _ in here.db._open}
    begun = here.call(wait_s=0)
    (thread,) = (t for t in threading.enumerate() if t.name == f"count {begun.job}")
    here.work.over.set()
    assert here.call(job=begun.job).counted == 4
    thread.join(5)
    assert not here.jobs._running
    assert {thread for thread, _ in here.db._open} == before
    assert here.call(job=begun.job).counted == 4, "its answer is kept"


def test_a_jobs_own_threads_do_not_open_the_library(here: Server) -> None:
    """They outlive the answer for a moment, in which the library may be closed, and removed."""
    asked: list[threading.Thread] = []

    def opened() -> Database:
        asked.append(threading.current_thread())
        return here.db

    here.jobs = Jobs(opened)
    begun = here.call(wait_s=0)
    threads = [t for t in threading.enumerate() if t.name.endswith(f" {begun.job}")]
    assert len(threads) == 2
    here.work.over.set()
    for thread in threads:
        thread.join(5)
    assert set(asked) == {threading.current_thread()}


def test_another_server_is_told_how_far_a_job_has_come(here: Server, elsewhere: Server) -> None:
    begun = here.call(wait_s=0)
    heard: list[Progress] = []
    gone = threading.Event()

    def hear(progress: Progress) -> None:
        heard.append(progress)
        if progress.done:
            gone.set()

    known = elsewhere.call(Caller(hear, gone=gone), job=begun.job, wait_s=30)
    assert (known.status, known.counted, known.job) == ("running", 3, begun.job)
    assert known.progress == heard[-1] == here.work.progress()


def test_another_server_waits_for_the_end_of_a_job(here: Server, elsewhere: Server) -> None:
    begun = here.call(wait_s=0)
    threading.Timer(0.3, here.work.over.set).start()
    assert elsewhere.call(job=begun.job, wait_s=30).counted == 4


def test_another_server_can_stop_a_job(here: Server, elsewhere: Server) -> None:
    begun = here.call(wait_s=0)
    assert elsewhere.call(job=begun.job, cancel=True).status == "cancelled"
    assert here.call(job=begun.job).status == "cancelled"


def test_a_caller_who_left_is_not_waited_for_on_another_server(
    here: Server, elsewhere: Server
) -> None:
    begun = here.call(wait_s=0)
    gone = threading.Event()
    gone.set()
    caller = Caller(lambda _progress: None, waits_to_the_end=True, gone=gone)
    assert elsewhere.call(caller, job=begun.job).status == "running"


def test_only_one_server_goes_on_with_the_job_of_a_process_that_died(here: Server) -> None:
    number = disown(here.db)
    row = table.get(here.db, number)
    assert row is not None
    assert table.adopt(here.db, number, row.owner)
    assert not table.adopt(here.db, number, row.owner), "a second one took it too"


def test_the_job_of_a_process_that_died_goes_on_with_what_was_asked(here: Server) -> None:
    here.call(wait_s=0, min_confidence=0.5)
    with here.db.atomic() as connection:
        connection.execute("UPDATE jobs SET owner = ?", (GONE,))
    after = server(here.db.path)
    after.work.over.set()
    assert after.call(job="j1").counted == 4
    assert after.made[0].model_fields_set == {"min_confidence"}, "a default was taken for asked"


def test_a_refusal_is_told_in_the_call_that_starts_the_work(here: Server) -> None:
    here.work.refuses = True
    with pytest.raises(DatabaseLockedError):
        here.call(wait_s=0)
