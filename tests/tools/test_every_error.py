"""Every code of the closed list is reached through a tool, and says what to do next."""

import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest
from tools.conftest import Body, Call
from worker_faults import in_workers

from autodedup.engine.errors import AutoDedupError
from autodedup.engine.store.database import Database, migrations
from autodedup.engine.workbench import Workbench
from autodedup.schemas.errors import ERRORS, ErrorCode
from autodedup.tools.catalogue import CATALOGUE

pytestmark = pytest.mark.anyio
Calling = Callable[..., Call]

SIMPLE: list[tuple[ErrorCode, str, dict[str, object]]] = [
    ("INVALID_ARGUMENT", "ingest", {"path": ["camera"]}),
    ("INVALID_ARGUMENT", "find_duplicates", {"limit": "many"}),
    ("INVALID_ARGUMENT", "apply_plan", {"plan": "p1"}),
    ("INVALID_ARGUMENT", "ingest", {"cancel": True}),
    ("INVALID_ARGUMENT", "schema", {"about": "nothing\u202e"}),
    ("PATH_NOT_FOUND", "ingest", {"paths": ["no/such/folder"]}),
    ("PATH_OUTSIDE_ROOTS", "ingest", {"paths": ["/etc"]}),
    ("PATH_OUTSIDE_ROOTS", "preflight", {"paths": ["../.."]}),
    ("PATH_OUTSIDE_ROOTS", "find_duplicates", {"like": "/etc/passwd"}),
    ("NOT_FOUND", "find_duplicates", {"like": "f9999"}),
    ("INVALID_ARGUMENT", "compare", {"a": "f1"}),
    ("INVALID_ARGUMENT", "compare", {"a": "f1", "b": "f1"}),
    ("INVALID_ARGUMENT", "compare", {"a": "f1", "b": "f2", "group": "g1"}),
    ("NOT_FOUND", "compare", {"a": "f1", "b": "f9999"}),
    ("NOT_FOUND", "compare", {"group": "g9999"}),
    ("PATH_NOT_FOUND", "compare", {"a": "f1", "b": "no/such/film.mp4"}),
    ("PATH_OUTSIDE_ROOTS", "compare", {"a": "f1", "b": "/etc/passwd"}),
    ("NOT_FOUND", "plan_actions", {"groups": ["g9999"]}),
    ("NOT_FOUND", "ingest", {"job": "j9999"}),
    ("CURSOR_EXPIRED", "find_duplicates", {"cursor": "bm9uc2Vuc2U"}),
    ("PLAN_NOT_FOUND", "plan_actions", {"plan": "p9999"}),
    ("PLAN_NOT_FOUND", "apply_plan", {"plan": "p9999", "digest": "0" * 32}),
    ("PLAN_NOT_FOUND", "undo_plan", {"plan": "p9999"}),
    ("DELETE_NOT_ALLOWED", "plan_actions", {"policy": {"exact": "delete"}}),
    ("MODEL_UNAVAILABLE", "ingest", {"tiers": ["semantic"]}),
]

# Reached in tests of their own, here or where the whole job is done.
ELSEWHERE: dict[ErrorCode, str] = {
    "DIGEST_MISMATCH": "test_only_the_reviewed_digest_is_applied",
    "PLAN_STALE": "test_a_plan_of_which_nothing_holds_any_more_is_stale",
    "READ_ONLY": "test_read_only_hides_the_tools_that_write_and_wins_over_all",
    "APPROVAL_REQUIRED": "test_without_approval_nothing_is_applied",
    "DB_LOCKED": "test_two_clients_never_mix_their_work",
    "NO_ROOTS": "test_without_a_root_every_tool_says_how_to_add_one",
    "NOT_INGESTED": "test_before_an_ingest_there_is_nothing_to_compare",
    "PREFLIGHT_FAILED": "test_an_ingest_that_preflight_would_refuse_is_refused",
    "DB_TOO_NEW": "test_a_newer_database_is_refused_by_every_tool_that_opens_it",
    "DB_DAMAGED": "test_a_damaged_database_is_refused_and_preflight_says_so",
    "PERMISSION_DENIED": "test_a_database_where_none_can_be_made_is_told",
    "NO_SPACE": "test_a_disk_that_takes_no_more_is_told",
    "APPLY_UNFINISHED": "test_an_interrupted_step_that_cannot_be_settled_stops_everything",
    "CANCELLED": "test_an_interrupted_call_says_that_finished_work_is_kept",
    "GPU_OOM": "test_a_single_frame_that_does_not_fit_the_gpu_is_told",
    "INTERNAL": "test_a_fault_of_ours_is_an_incident_without_its_inside",
}


# A tool to call, a command or flag for the operator, or the same call again.
NEXT_STEP = re.compile(
    r"\b(?:" + "|".join(tool.name for tool in CATALOGUE) + r"|autodedup|call|again)\b|--[a-z]",
    re.IGNORECASE,
)


def check(body: Body, code: ErrorCode) -> Body:
    assert not body["ok"]
    error: Body = body["error"]
    assert error["code"] == code
    assert error["retryable"] is ERRORS[code].retryable
    assert len(error["message"]) > 20
    assert len(error["hint"]) > 20
    assert NEXT_STEP.search(error["hint"]), error["hint"]
    assert "Traceback" not in str(body)
    assert error["message"].isprintable()
    return error


@pytest.mark.parametrize(("code", "tool", "arguments"), SIMPLE)
async def test_a_call_that_cannot_be_right_is_told_what_is_wrong(
    library: Path, calling: Calling, code: ErrorCode, tool: str, arguments: dict[str, object]
) -> None:
    check(await calling(library)(tool, **arguments), code)


def test_every_code_is_in_one_of_these_tables() -> None:
    here = {code for code, _, _ in SIMPLE} | ELSEWHERE.keys()
    assert here == ERRORS.keys()
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in ELSEWHERE.values() if f"def {name}" not in tests] == []


def test_every_remedy_says_what_to_call_or_whom_to_ask() -> None:
    for code, fact in ERRORS.items():
        told = NEXT_STEP.search(fact.remedy) or "incident" in fact.remedy
        assert told, f"{code}: {fact.remedy}"


def test_every_engine_error_has_a_code_of_its_own() -> None:
    kinds = AutoDedupError.__subclasses__()
    assert {kind.code for kind in kinds} == ERRORS.keys()
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert len({fact.exit_code for fact in ERRORS.values()}) == len(ERRORS)


NO_MEMORY = """
import sys
if "autodedup.engine.semantic.child" in sys.orig_argv:
    import torch
    def full(*_, **__):
        raise torch.OutOfMemoryError("CUDA out of memory")
    torch.nn.functional.normalize = full
"""


async def test_a_single_frame_that_does_not_fit_the_gpu_is_told(
    library: Path, calling: Calling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("torch", reason="the semantic tier needs torch")
    from tiny_model import make_tiny

    call = calling(library, **make_tiny(tmp_path / "tiny").settings())
    in_workers(NO_MEMORY, tmp_path, monkeypatch)
    error = check(await call("ingest", tiers=["semantic"]), "GPU_OOM")
    assert "One frame does not fit" in error["message"]
    assert "--gpu-memory-share" in error["hint"]


async def test_without_a_root_every_tool_says_how_to_add_one(calling: Calling) -> None:
    pair = {"a": "f1", "b": "f2"}
    given = {
        "compare": pair,
        "apply_plan": {"plan": "p1", "digest": "0" * 32},
        "undo_plan": {"plan": "p1"},
    }
    for tool in CATALOGUE:
        error = check(await calling()(tool.name, **given.get(tool.name, {})), "NO_ROOTS")
        assert "--root /path/to/videos" in error["hint"]


async def test_before_an_ingest_there_is_nothing_to_compare(
    fresh_library: Path, calling: Calling
) -> None:
    call = calling(fresh_library)
    for tool, given in {
        "find_duplicates": {},
        "plan_actions": {},
        "compare": {"group": "g1"},
    }.items():
        assert "ingest" in check(await call(tool, **given), "NOT_INGESTED")["hint"]


async def test_an_ingest_that_preflight_would_refuse_is_refused(
    fresh_library: Path, calling: Calling
) -> None:
    call = calling(fresh_library, min_free_bytes=1 << 60)
    assert not (await call("preflight"))["ready"]
    check(await call("ingest"), "PREFLIGHT_FAILED")


async def test_a_newer_database_is_refused_by_every_tool_that_opens_it(
    library: Path, calling: Calling
) -> None:
    db = Database(library / ".autodedup" / "state.db")
    with db.atomic() as connection:
        connection.execute(f"PRAGMA user_version = {len(migrations()) + 1}")
    db.close()
    call = calling(library)
    for tool in ("ingest", "find_duplicates", "plan_actions"):
        check(await call(tool), "DB_TOO_NEW")
    state = next(c for c in (await call("preflight"))["checks"] if c["name"] == "state")
    assert state["status"] == "fail"


async def test_a_damaged_database_is_refused_and_preflight_says_so(
    library: Path, calling: Calling
) -> None:
    db = library / ".autodedup" / "state.db"
    for beside in db.parent.glob("state.db-*"):
        beside.unlink()
    db.write_bytes(os.urandom(100_000))
    call = calling(library)
    check(await call("ingest"), "DB_DAMAGED")
    answer = await call("preflight")
    assert not answer["ready"]


async def test_a_database_where_none_can_be_made_is_told(
    fresh_library: Path, calling: Calling
) -> None:
    call = calling(fresh_library, db=fresh_library / "camera/garden.mp4/state.db")
    assert "--db" in check(await call("ingest"), "PERMISSION_DENIED")["hint"]


def run_call(root: Path, *words: str, **options: object) -> tuple[int, Body]:
    import json

    command = [sys.executable, "-P", "-m", "autodedup.server", "call", *words, "--root", str(root)]
    done = subprocess.run(command, capture_output=True, check=False, **options)  # type: ignore[call-overload]
    return done.returncode, json.loads(done.stdout)


def test_a_disk_that_takes_no_more_is_told(fresh_library: Path) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    status, body = run_call(fresh_library, "ingest", preexec_fn=small_files)
    check(body, "NO_SPACE")
    assert status == ERRORS["NO_SPACE"].exit_code
    status, body = run_call(fresh_library, "ingest")
    assert (status, body["status"]) == (0, "complete")


def test_an_interrupted_call_says_that_finished_work_is_kept(fresh_library: Path) -> None:
    import json

    command = [sys.executable, "-P", "-m", "autodedup.server", "call", "ingest", "--workers", "1"]
    child = subprocess.Popen(
        [*command, "--root", str(fresh_library)],
        stdout=subprocess.PIPE,
        # What a shell runs in the background is started with Ctrl-C ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    state = fresh_library / ".autodedup" / "state.db"
    # It stands still while it is looked at, so that it cannot be done before it is interrupted.
    while child.poll() is None:
        child.send_signal(signal.SIGSTOP)
        if signatures_in(state):
            break
        child.send_signal(signal.SIGCONT)
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    child.send_signal(signal.SIGCONT)
    out, _ = child.communicate(timeout=120)
    check(json.loads(out), "CANCELLED")
    assert child.returncode == ERRORS["CANCELLED"].exit_code
    assert signatures_in(state)


def signatures_in(state: Path) -> int:
    try:
        connection = apsw.Connection(str(state), flags=apsw.SQLITE_OPEN_READONLY)
        row = connection.execute("SELECT count(*) FROM signatures").fetchone()
    except apsw.Error:
        return 0
    return 0 if row is None else int(str(row[0]))


async def test_an_interrupted_step_that_cannot_be_settled_stops_everything(
    library: Path, calling: Calling, tmp_path: Path
) -> None:
    other, db = tmp_path / "other", tmp_path / "state.db"
    (library / "phone").rename(other)
    both = calling(library, other, db=db)
    await both("ingest")
    await both("find_duplicates")
    plan = await both("plan_actions")
    assert "journal" in killed_in_mid_apply(plan, library, other, db)
    other.rename(tmp_path / "unmounted")
    alone = calling(library, db=db)
    check(await alone("ingest"), "APPLY_UNFINISHED")
    (tmp_path / "unmounted").rename(other)
    assert (await calling(library, other, db=db)("ingest"))["status"] == "complete"


async def test_a_server_that_goes_on_recovers_what_another_left_open(
    library: Path, calling: Calling, tmp_path: Path
) -> None:
    other, db = tmp_path / "other", tmp_path / "state.db"
    (library / "phone").rename(other)
    call = calling(library, other, db=db)
    await call("ingest")
    await call("find_duplicates")
    plan = await call("plan_actions")
    assert "journal" in killed_in_mid_apply(plan, library, other, db)
    applied = await call("apply_plan", plan=plan["plan"], digest=plan["digest"])
    assert (applied["status"], applied["done"]) == ("applied", plan["actions_total"])
    assert (await call("undo_plan", plan=plan["plan"]))["status"] == "undone"


def killed_in_mid_apply(plan: Body, library: Path, other: Path, db: Path) -> str:
    """Die right after the first intent on a file of the other root is in the journal."""
    script = f"""
import os, sys
from autodedup.engine.store import journal
from autodedup.server.call import main
real = journal.intend
def intend(db, plan, n, direction, intent):
    entry = real(db, plan, n, direction, intent)
    if intent.source.root == 2:
        print("journal", flush=True)
        os._exit(9)
    return entry
journal.intend = intend
main(["apply_plan", {f'{{"plan":"{plan["plan"]}","digest":"{plan["digest"]}"}}'!r},
      "--root", {str(library)!r}, "--root", {str(other)!r}, "--db", {str(db)!r}])
"""
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, check=False)
    return done.stdout.decode()


async def test_a_fault_of_ours_is_an_incident_without_its_inside(
    library: Path, calling: Calling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_bench: Workbench, _arguments: object) -> None:
        raise ZeroDivisionError("a secret of the inside: /home/user")

    monkeypatch.setattr(Workbench, "plan_actions", broken)
    error = check(await calling(library)("plan_actions"), "INTERNAL")
    assert "secret" not in str(error)
