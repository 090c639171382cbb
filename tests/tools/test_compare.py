"""`compare` as a client sees it: evidence as JSON, a contact sheet beside it, errors that teach."""

import base64
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import ImageContent
from PIL import Image
from tools.conftest import Body, Call
from tools.test_every_error import check

from autodedup.engine.comparing import run
from autodedup.engine.comparing.sheet import MOST_BYTES
from autodedup.engine.settings import Settings
from autodedup.engine.workbench import Workbench
from autodedup.server.app import build_server
from autodedup.tools.catalogue import CATALOGUE

pytestmark = pytest.mark.anyio
Calling = Callable[..., Call]
HARBOUR, WALK = "holiday/harbour.mp4", "camera/walk.mkv"


def times(root: Path) -> dict[Path, int]:
    kept = (path for path in root.rglob("*") if path.is_file() and "state.db-" not in path.name)
    return {path: path.stat().st_mtime_ns for path in kept}


async def looked(root: Path, mode: str, **arguments: object) -> tuple[Body, list[Any]]:
    bench = Workbench(Settings(root=(root,)))
    async with Client(build_server(bench, CATALOGUE), mode=mode) as client:
        answer = await client.call_tool("compare", arguments)
    body = answer.structured_content
    assert body is not None
    return body, [block for block in answer.content if block.type != "text"]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_pair_is_told_in_full_with_a_sheet_to_look_at(ingested: Path, mode: str) -> None:
    body, pictures = await looked(ingested, mode, a="phone/VID-20240704.mp4", b=HARBOUR)
    (told,) = body["comparisons"]
    assert (told["relation"], told["aligned"]["differing"]) == ("near", 0)
    assert len(told["aligned"]["frames"]) == body["sheet"]["rows"] == 6
    assert told["evidence"]["distance"]["of_bits"] == 256
    (block,) = pictures
    assert isinstance(block, ImageContent)
    assert block.mime_type == "image/jpeg"
    jpeg = base64.b64decode(block.data)
    assert len(jpeg) == body["sheet"]["bytes"] <= MOST_BYTES
    assert Image.open(BytesIO(jpeg)).size == (body["sheet"]["width"], body["sheet"]["height"])


async def test_a_group_stands_beside_the_copy_to_keep(ingested: Path, calling: Calling) -> None:
    call = calling(ingested)
    for group in (await call("find_duplicates"))["groups"]:
        body = await call("compare", group=group["id"])
        assert (body["against"], body["group"]) == (group["keep"], group["id"])
        told = {one["file"]: one for one in body["comparisons"]}
        for file in group["files"][1:6]:
            assert told[file["id"]]["relation"] == file["relation"]
            assert told[file["id"]]["aligned"]["differing"] == 0
        assert body["comparisons_total"] == len(group["files"]) - 1
        assert ("truncated" in body) is (len(told) < len(group["files"]) - 1)


async def test_strangers_are_told_apart_and_every_frame_is_marked(
    ingested: Path, calling: Calling
) -> None:
    body = await calling(ingested)("compare", a=HARBOUR, b=WALK, frames=4)
    (told,) = body["comparisons"]
    assert "relation" not in told
    assert told["aligned"]["differing"] == body["sheet"]["marked"] == 4
    assert "nothing links the files" in body["notes"][0]


async def test_a_clip_is_a_part_of_its_film_whichever_is_named_first(
    ingested: Path, calling: Calling
) -> None:
    call = calling(ingested)
    one = await call("compare", a="shared/harbour_clip.mp4", b=HARBOUR)
    other = await call("compare", a=HARBOUR, b="shared/harbour_clip.mp4")
    assert one == other
    assert one["comparisons"][0]["relation"] == "contains"


async def test_a_file_that_cannot_be_decoded_is_told_as_such(
    ingested: Path, calling: Calling
) -> None:
    broken = "downloads/walk.mp4"
    body = await calling(ingested)("compare", a=broken, b=WALK)
    assert body["comparisons"][0]["problem"]["code"]
    assert "sheet" not in body


async def test_what_is_not_seen_in_time_is_told_and_the_rest_is_answered(
    ingested: Path, calling: Calling, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "DEFAULT_WAIT_S", 0)
    body = await calling(ingested)("compare", a="phone/VID-20240704.mp4", b=HARBOUR)
    (told,) = body["comparisons"]
    assert told["relation"] == "near"
    assert "aligned" not in told
    assert told["problem"]["code"] == "DECODE_TIMEOUT"
    assert "sheet" not in body


async def test_files_that_changed_or_went_since_are_not_compared(
    library: Path, calling: Calling
) -> None:
    call = calling(library)
    changed, gone = "phone/VID-20240704.mp4", "phone/harbour_small.webm"
    with (library / changed).open("ab") as file:
        file.write(b"more")
    (library / gone).unlink()
    error = check(await call("compare", a=changed, b=HARBOUR), "NOT_INGESTED")
    assert error["details"]["file_code"] == "FILE_CHANGED"
    assert changed in error["message"]
    error = check(await call("compare", a=HARBOUR, b=gone), "PATH_NOT_FOUND")
    assert gone in error["message"]


async def test_a_group_is_shown_without_a_file_that_went(library: Path, calling: Calling) -> None:
    call = calling(library)
    group = (await call("find_duplicates"))["groups"][0]
    lost = group["files"][1]
    (library / lost["path"]).unlink()
    body = await call("compare", group=group["id"])
    told = next(one for one in body["comparisons"] if one["file"] == lost["id"])
    assert told["problem"]["code"] == "FILE_VANISHED"
    assert body["sheet"]["columns"][0] == group["keep"]


async def test_a_group_whose_keeper_went_is_not_compared(library: Path, calling: Calling) -> None:
    call = calling(library)
    group = (await call("find_duplicates"))["groups"][0]
    (library / group["files"][0]["path"]).unlink()
    check(await call("compare", group=group["id"]), "PATH_NOT_FOUND")
    await call("ingest")
    error = check(await call("compare", group=group["id"]), "PATH_NOT_FOUND")
    assert group["keep"] in error["message"]


async def test_comparing_writes_nothing(library: Path, calling: Calling) -> None:
    before = times(library)
    await calling(library, read_only=True)("compare", a=HARBOUR, b=WALK)
    assert times(library).items() >= before.items()


async def test_a_link_out_of_the_library_is_not_followed(
    library: Path, calling: Calling, tmp_path: Path
) -> None:
    call = calling(library)
    shutil.copyfile(library / HARBOUR, tmp_path / "outside.mp4")
    (library / "phone/VID-20240704.mp4").unlink()
    (library / "phone/VID-20240704.mp4").symlink_to(tmp_path / "outside.mp4")
    answer = await call("compare", a="phone/VID-20240704.mp4", b=HARBOUR)
    check(answer, "PATH_OUTSIDE_ROOTS")


async def test_a_folder_swapped_for_a_link_leads_nowhere(
    library: Path, calling: Calling, tmp_path: Path
) -> None:
    (library / "phone").rename(tmp_path / "elsewhere")
    (library / "phone").symlink_to(tmp_path / "elsewhere")
    file = next(
        file["id"]
        for group in (await calling(library)("find_duplicates"))["groups"]
        for file in group["files"]
        if file["path"].startswith("phone/")
    )
    answer = await calling(library)("compare", a=file, b=HARBOUR)
    assert "through a link" in check(answer, "NOT_INGESTED")["message"]
