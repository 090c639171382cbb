"""What an answer costs its reader: the same for a library of ten files or of a hundred thousand."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.test_limits import DEFAULT, LARGEST, Client, Told

from autodedup.engine.store import files, generation
from autodedup.engine.store.files import Stat
from autodedup.tools.catalogue import CATALOGUE

COPIES = 5


def pretend(client: Client, count: int) -> None:
    """Put files into the state, five copies of each content, a few of them broken."""
    db, roots = client.bench._open()
    with db.atomic() as connection:
        for number in range(count):
            content, copy = divmod(number, COPIES)
            stat = Stat(10**8 + content, number, 1, number + 1)
            path = f"year {content % 50}/holiday {content}/take {copy} of film {content}.mp4"
            made = files.add(connection, roots.base.id, path, stat)
            files.set_edges(connection, made, b"%032d" % content)
            files.set_sha256(connection, made, b"%032d" % content)
            if number % 1_000 == 7:
                files.set_failed(connection, made, "BROKEN", "TRUNCATED", "It ends early.")
        generation.advance(connection)


@pytest.fixture(scope="module", params=[10, 4_000])
def large(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Client:
    client = Client(tmp_path_factory.mktemp("large"))
    pretend(client, request.param)
    client("find_duplicates")
    return client


def groups_of(client: Client) -> int:
    return int(client("find_duplicates").body["totals"]["groups"])


def test_groups_are_told_within_bounds_with_totals_of_all(large: Client) -> None:
    told = large("find_duplicates")
    assert told.size <= DEFAULT
    groups, shown = told.body["totals"]["groups"], len(told.body["groups"])
    assert told.body["totals"]["redundant_files"] == groups * (COPIES - 1)
    assert ("truncated" in told.body) is ("next_cursor" in told.body) is (shown < groups)
    if shown < groups:
        assert told.body["truncated"] == f"groups 1-{shown} of {groups}"
        more = large("find_duplicates", cursor=told.body["next_cursor"])
        assert more.size <= DEFAULT
        assert more.body["groups"][0]["id"] not in {g["id"] for g in told.body["groups"]}
        assert more.body["totals"] == told.body["totals"]


def test_fields_and_limit_are_honoured(large: Client) -> None:
    one = large("find_duplicates", limit=1, fields=["path"])
    (group,) = one.body["groups"]
    assert {name for file in group["files"] for name in file} == {"id", "path"}
    bare = large("find_duplicates", limit=1, fields=["relation"])
    assert bare.size < one.size < large("find_duplicates", limit=1).size <= DEFAULT
    most = large("find_duplicates", limit=200)
    assert most.size <= LARGEST
    assert len(most.body["groups"]) <= 200
    assert one.body["totals"] == most.body["totals"]


def test_a_plan_is_told_within_bounds_with_sums_of_all(large: Client) -> None:
    told = large("plan_actions")
    assert told.size <= DEFAULT
    total, shown = told.body["actions_total"], len(told.body["actions"])
    assert sum(part["files"] for part in told.body["summary"].values()) == total
    assert ("next_cursor" in told.body) is (shown < total)
    assert large("plan_actions", plan=told.body["plan"], limit=500).size <= LARGEST
    few = large("plan_actions", plan=told.body["plan"], limit=3)
    assert [action["n"] for action in few.body["actions"]] == [1, 2, 3]
    assert few.body["summary"] == told.body["summary"]


def test_a_plan_kept_without_its_sums_is_summed_up_when_it_is_shown(tmp_path: Path) -> None:
    client = Client(tmp_path)
    pretend(client, 50)
    client("find_duplicates")
    told = client("plan_actions").body
    db, _ = client.bench._open()
    with db.atomic() as connection:
        connection.execute("UPDATE plans SET body = json_remove(body, '$.sums')")
    assert client("plan_actions", plan=told["plan"]).body == told


def test_an_apply_of_which_nothing_can_be_done_is_told_briefly(large: Client) -> None:
    plan = large("plan_actions").body
    told = large("apply_plan", plan=plan["plan"], digest=plan["digest"])
    assert told.code == "PLAN_STALE"
    assert told.size <= DEFAULT
    assert large("undo_plan", plan=plan["plan"]).size <= DEFAULT


def test_preflight_and_schema_stay_small(large: Client) -> None:
    assert large("preflight").size <= DEFAULT
    assert large("schema").size <= DEFAULT


@pytest.mark.parametrize(
    "about", ["errors", "config", "database", "kinds", *(tool.name for tool in CATALOGUE)]
)
def test_a_part_of_the_description_is_no_flood(tmp_path: Path, about: str) -> None:
    assert Client(tmp_path)("schema", about=about).size <= LARGEST


def test_all_of_the_description_is_bounded(tmp_path: Path) -> None:
    assert Client(tmp_path)("schema", about="all").size <= LARGEST


def test_an_ingest_that_finds_a_library_gone_says_so_briefly(large: Client) -> None:
    told = large("ingest")
    assert told.size <= DEFAULT


@pytest.fixture
def long_named(rendered: tuple[Path, list[object]], tmp_path: Path) -> Iterator[Client]:
    """Eight copies of a film under names as long as they may be."""
    for number in range(8):
        place = tmp_path / ("日" * 80) / ("\x1b" * 200) / f"{number} {'é' * 100}.mp4"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(rendered[0] / "camera/garden.mp4", place)
    client = Client(tmp_path)
    client("ingest")
    yield client
    client.bench.close()


def test_the_closest_look_is_within_bounds(long_named: Client) -> None:
    group = long_named("find_duplicates").body["groups"][0]["id"]
    told: Told = long_named("compare", group=group)
    assert told.code is None
    assert told.size <= DEFAULT, json.dumps(told.body)
    assert told.body["comparisons_total"] == 7
    assert "5 of 7" in told.body["truncated"]
    assert long_named("compare", group=group, frames=12).size <= LARGEST
