"""Long work that outlives the call that started it: start, wait, look, cancel, resume.

A job runs in a thread of its own. A call waits for it up to `wait_s` seconds and answers how far
it has come; a client that gives up stops the waiting, not the work. Jobs are in the database, so
that after a crash the same call, or the same job id, goes on where the work stopped.
"""

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from pydantic import JsonValue

from autodedup.engine.caller import Caller
from autodedup.engine.errors import AutoDedupError, UnknownIdError, error_of_code
from autodedup.engine.store import jobs as table
from autodedup.engine.store.database import Database
from autodedup.engine.store.leases import is_gone
from autodedup.schemas.errors import ErrorBody
from autodedup.schemas.jobs import JobAnswer, JobArguments, Progress
from autodedup.schemas.vocabulary import JobStatus

POLL_S = 0.1
POLL_BEGUN_S = 0.01
POLL_ROW_S = 0.2  # between two looks at a job that another server runs
ATTEND_S = 0.5  # between two looks for a wish to stop from another server
TELL_S = 1.0  # between two notes for other servers of how far a job has come
TELLING_SHARE = 20  # and this many times what the last note took, so that telling stays cheap
BEGIN_PATIENCE_S = 5.0  # a refusal known within this is told at once, not when the job is asked
CANCEL_PATIENCE_S = 10.0  # how long a cancelling call waits for the work's next safe point

NOT_BEGUN = Progress(done=0, total=0, unit="")

Arguments = TypeVar("Arguments", bound=JobArguments)
AnswerOf = TypeVar("AnswerOf", bound=JobAnswer)
Answered_co = TypeVar("Answered_co", bound=JobAnswer, covariant=True)


class Work(Protocol[Answered_co]):
    """What a job does. `snapshot` may be asked at any time, from any thread."""

    @property
    def begun(self) -> threading.Event:
        """Set by `run` once the library is its own, so that nobody else's work can refuse it."""
        ...

    def run(self, stop: threading.Event) -> Answered_co:
        """Do the work; when `stop` is set, end soon and answer with status cancelled."""
        ...

    def snapshot(self) -> Answered_co:
        """Return what is known so far, with status running."""
        ...

    def progress(self) -> Progress:
        """Return how far it has come."""
        ...


@dataclass(frozen=True, slots=True)
class JobKind(Generic[Arguments, AnswerOf]):
    """How one tool's work is made from its arguments, and what it answers."""

    tool: str
    arguments: type[Arguments]
    answer: type[AnswerOf]
    make: Callable[[Arguments], Work[AnswerOf]]


@dataclass(slots=True, eq=False)
class _Running:
    """A job of this process.

    Its threads outlive its answer for a moment: the database is the one that was open when it
    began, since the library may be closed by then, and is not opened again for their sake.
    """

    number: int
    key: str
    work: Work[JobAnswer]
    db: Database
    stop: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    answer: JobAnswer | None = None
    error: Exception | None = None

    def so_far(self) -> JobAnswer:
        """Return what is known of it while it goes on."""
        known, progress = self.work.snapshot(), self.work.progress()
        return known.model_copy(update={"job": f"j{self.number}", "progress": progress})


class Jobs:
    """The jobs of one workbench."""

    def __init__(self, db: Callable[[], Database]) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._running: dict[int, _Running] = {}

    def call(
        self,
        kind: JobKind[Arguments, AnswerOf],
        arguments: Arguments,
        *,
        caller: Caller,
    ) -> AnswerOf:
        """Start work, or join the same work under way, or follow the named job, and wait.

        Raises:
            UnknownIdError: No job of this tool has the id.
            AutoDedupError: The work failed.
        """
        if arguments.job is None:
            running = self._start_or_join(kind, arguments)
        else:
            found = self._find(kind, int(arguments.job[1:]))
            if not isinstance(found, _Running):
                return self._of_another(kind, found, arguments, caller)
            running = found
        if arguments.cancel:
            running.stop.set()
            running.ended.wait(CANCEL_PATIENCE_S)
        else:
            _wait(running, arguments.wait_s, caller)
        return self._told(kind, running)

    def stop_all(self) -> None:
        """Ask every job of this process to end at its next safe point."""
        with self._lock:
            for running in self._running.values():
                running.stop.set()

    def _told(self, kind: JobKind[Arguments, AnswerOf], running: _Running) -> AnswerOf:
        if not running.ended.is_set():
            return _as(kind, running.so_far())
        if running.error is not None:
            raise running.error
        if running.answer is None:  # pragma: no cover - an ended job has one or the other
            raise AssertionError(running.key)
        return _as(kind, running.answer)

    def _start_or_join(self, kind: JobKind[Arguments, AnswerOf], arguments: Arguments) -> _Running:
        # Only what was said: a limit that was asked for is answered otherwise than the default.
        asked: dict[str, JsonValue] = arguments.model_dump(
            mode="json", exclude={"wait_s", "job", "cancel"}, exclude_unset=True
        )
        key = f"{kind.tool} {json.dumps(asked, sort_keys=True)}"
        with self._lock:
            for running in self._running.values():
                if running.key == key and not running.ended.is_set():
                    return running
            # Made first: arguments that cannot be meant are refused before a job exists.
            work = kind.make(arguments)
            return self._launch(kind.tool, work, table.start(self._db(), kind.tool, asked), key)

    def _launch(self, tool: str, work: Work[JobAnswer], number: int, key: str) -> _Running:
        running = _Running(number, key, work, self._db())
        self._running[number] = running
        thread = threading.Thread(
            target=self._carry_out, args=(running,), name=f"{tool} j{number}", daemon=True
        )
        thread.start()
        return running

    def _carry_out(self, running: _Running) -> None:
        attendant = threading.Thread(
            target=self._attend, args=(running,), name=f"attendant j{running.number}", daemon=True
        )
        attendant.start()
        try:
            running.answer = running.work.run(running.stop)
        except Exception as error:  # noqa: BLE001  # raised again in the call that waits
            running.error = error
        try:
            self._record(running)
        except AutoDedupError as error:
            running.error = running.error or error
        else:
            with self._lock:
                del self._running[running.number]  # from here on the table knows it
        finally:
            running.ended.set()
            _let_go_of(running.db)

    def _attend(self, running: _Running) -> None:
        """Tell other servers how far a job has come, and hear whether one asks it to stop."""
        tell_at = time.monotonic() + TELL_S
        while not running.ended.wait(ATTEND_S):
            with suppress(AutoDedupError):  # locked for a moment: the next round will do
                row = table.get(running.db, running.number)
                if row is not None and row.stop_asked:
                    running.stop.set()
                began = time.monotonic()
                if began >= tell_at:
                    table.tell(running.db, running.number, running.so_far().wire())
                    took = time.monotonic() - began
                    tell_at = began + max(TELL_S, took * TELLING_SHARE)
        _let_go_of(running.db)

    def _record(self, running: _Running) -> None:
        if running.answer is not None:
            cancelled = running.stop.is_set() and running.answer.wire().get("status") == "cancelled"
            status: JobStatus = "cancelled" if cancelled else "complete"
            table.end(running.db, running.number, status, running.answer.wire())
        elif isinstance(running.error, AutoDedupError):
            body = running.error.body().wire()
            table.end(running.db, running.number, "failed", body)
        else:
            table.end(running.db, running.number, "failed", {"code": "INTERNAL"})

    def _find(self, kind: JobKind[Arguments, AnswerOf], number: int) -> _Running | table.JobRow:
        """Return the job under way here, or its row where it has ended or is another server's."""
        with self._lock:
            running = self._running.get(number)
            row = table.get(self._db(), number)
            if row is None or row.tool != kind.tool:
                raise UnknownIdError(
                    f"There is no job j{number} of {kind.tool}.",
                    hint=f"Call {kind.tool} without job: what was finished is kept.",
                    details={"job": f"j{number}"},
                )
            if running is not None:
                return running
            if row.status != "running" or not is_gone(row.owner):
                return row
            work = kind.make(kind.arguments.model_validate(row.arguments))
            if not table.adopt(self._db(), number, row.owner):
                return row  # another server was first to go on with it
            return self._launch(kind.tool, work, number, f"{kind.tool} resumed j{number}")

    def _of_another(
        self,
        kind: JobKind[Arguments, AnswerOf],
        row: table.JobRow,
        arguments: Arguments,
        caller: Caller,
    ) -> AnswerOf:
        """Wait for a job that another server runs, by its row, or ask it to stop."""
        if arguments.cancel and row.status == "running":
            table.ask_to_stop(self._db(), row.id)
        wait_s = math.inf if caller.waits_to_the_end else arguments.wait_s
        until = time.monotonic() + (CANCEL_PATIENCE_S if arguments.cancel else wait_s)
        while row.status == "running":
            left = min(POLL_ROW_S, until - time.monotonic())
            # An owner that died is not waited for: the next call goes on with its work.
            if left <= 0 or caller.gone.wait(left) or is_gone(row.owner):
                break
            row = table.get(self._db(), row.id) or row
            if row.body is not None and row.status == "running":
                caller.report(kind.answer.model_validate(row.body).progress or NOT_BEGUN)
        if row.status != "running":
            return _ended(kind, row)
        if row.body is not None:
            return kind.answer.model_validate(row.body)
        begun = kind.make(kind.arguments.model_validate(row.arguments)).snapshot()
        return begun.model_copy(update={"job": f"j{row.id}", "progress": NOT_BEGUN})


def _let_go_of(db: Database) -> None:
    with suppress(AutoDedupError):
        db.release()


def _ended(kind: JobKind[Arguments, AnswerOf], row: table.JobRow) -> AnswerOf:
    body = row.body or {}
    if row.status == "failed":
        raise error_of_code(ErrorBody.model_validate(_whole_error(body, row.id)))
    return kind.answer.model_validate(body)


def _whole_error(body: Mapping[str, JsonValue], number: int) -> dict[str, JsonValue]:
    if "message" in body:
        return dict(body)
    said = f"Job j{number} failed by a fault of AutoDedup; finished work is kept."
    return {"code": "INTERNAL", "message": said, "retryable": False, "hint": "Start it again."}


def _as(kind: JobKind[Arguments, AnswerOf], answer: JobAnswer) -> AnswerOf:
    if not isinstance(answer, kind.answer):  # pragma: no cover - a job belongs to one tool
        raise TypeError(kind.tool)
    return answer


def _wait(running: _Running, wait_s: float, caller: Caller) -> None:
    now = time.monotonic()
    until = math.inf if caller.waits_to_the_end else now + wait_s
    while not (running.ended.is_set() or caller.gone.is_set()):
        begun = running.work.begun.is_set()
        enough = until if begun else max(until, now + BEGIN_PATIENCE_S)
        left = min(POLL_S if begun else POLL_BEGUN_S, enough - time.monotonic())
        if left <= 0:
            return
        if not running.ended.wait(left):
            caller.report(running.work.progress())
    caller.report(running.work.progress())
