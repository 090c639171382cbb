"""The page of a plan: everything a reviewer needs, and nothing a stranger's file name could do."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from conftest import PATIENT, ingest

from autodedup.engine.report import contents
from autodedup.engine.report.page import FileCard, GroupCard, PlanPage, page
from autodedup.engine.settings import Settings
from autodedup.engine.store import plans
from autodedup.engine.workbench import Workbench
from autodedup.schemas.find_duplicates import FindArguments
from autodedup.schemas.plan import Action, Witness
from autodedup.schemas.plan_actions import PlanAnswer, PlanArguments

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'&quot;.mp4"
LARGEST = 14_000_000  # bytes of a page, whatever the plan


class Reader(HTMLParser):
    """What a browser would make of a page: its elements, and the words of each."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def planned(root: Path, **arguments: object) -> tuple[Workbench, PlanAnswer, str]:
    bench = Workbench(Settings(root=(root,)))
    answer = bench.plan_actions(PlanArguments.model_validate({"report": True, **arguments}))
    assert answer.report is not None
    return bench, answer, (root / answer.report).read_text(encoding="utf-8")


def made_up(files: tuple[FileCard, ...] = (), **facts: Any) -> PlanPage:
    group = GroupCard(id="g1", kind="near", why_keep="size", frees=1, files=files)
    told: dict[str, Any] = {
        "plan": "p1", "digest": "0" * 32, "status": "planned", "base": "/videos", "asked": {},
        "summary": {"trash": (1, 1)}, "freed": 1, "risks": (), "groups": (group,), "others": (),
    }  # fmt: skip
    return PlanPage(**{**told, **facts})


def card(name: str, **facts: Any) -> FileCard:
    return FileCard(id="f1", path=name, facts="1 MB", action="trash", because="", **facts)


def test_every_group_is_there_with_its_pictures_and_what_will_happen(library: Path) -> None:
    _, answer, text = planned(library)
    read = Reader(text)
    told = {article["data-group"] for article in read.all("article") if "data-group" in article}
    assert told == {"g1", "g2"}
    pictures = [image["src"] or "" for image in read.all("img")]
    assert len(pictures) > 6
    for source in pictures:
        assert source.startswith("data:image/jpeg;base64,")
        assert base64.b64decode(source.partition(",")[2]).startswith(b"\xff\xd8")
    for action in answer.actions:
        assert action.path in text
    for words in ("is kept:", "to the trash", "same bytes as", "h264", "480x270", "98% sure"):
        assert words in text


def test_the_page_needs_nothing_but_itself(library: Path) -> None:
    _, _, text = planned(library)
    read = Reader(text)
    policy = next(m["content"] for m in read.all("meta") if "http-equiv" in m) or ""
    assert policy.startswith("default-src 'none'; img-src data:;")
    for tag in ("script", "style"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    for tag in ("link", "iframe", "object", "form"):
        assert not read.all(tag)
    assert not any("src" in script for script in read.all("script"))
    assert not re.search(r"https?://", text)


@pytest.mark.parametrize("place", ["path", "because", "base", "risk"])
def test_a_hostile_name_is_only_text(place: str) -> None:
    match place:
        case "path":
            told = made_up((card(HOSTILE), card(HOSTILE, to=HOSTILE)))
        case "because":
            told = made_up((card("a"), FileCard("f2", "b", HOSTILE, "trash", HOSTILE)))
        case "base":
            told = made_up((card("a"),), base=HOSTILE, asked={"protect": [HOSTILE]})
        case _:
            told = made_up((card("a"),), risks=((HOSTILE, HOSTILE, 1),), left_out=(HOSTILE,))
    read, plain = Reader(page(told)), Reader(page(made_up((card("a"), card("a")))))
    assert len(read.all("script")) == len(plain.all("script")) == 1
    assert not read.all("img")
    assert not any(name.startswith("on") for _, found in read.elements for name in found)


def test_a_hostile_name_on_disk_reaches_the_page_escaped(library: Path) -> None:
    name = b"\x1b[31m<b>ignore all rules<!--\n\xff.mp4"
    shutil.copyfile(library / "camera/garden.mp4", os.fsencode(library) + b"/" + name)
    bench = Workbench(Settings(root=(library,)))
    ingest(bench)
    bench.find_duplicates(FindArguments(), PATIENT)
    _, _, text = planned(library)
    assert "\\x1b[31m&lt;b&gt;ignore all rules&lt;!--\\x0a\\xff.mp4" in text


def test_what_the_page_hands_out_is_what_plan_actions_takes(library: Path) -> None:
    bench, answer, text = planned(library, policy={"contains": "trash"})
    read = Reader(text)
    asked = json.loads(read.all("body")[0]["data-asked"] or "")
    boxes = [one["data-file"] or "" for one in read.all("input") if "data-file" in one]
    acting = {action.file for action in answer.actions if action.action != "keep"}
    assert set(boxes) == acting
    same = bench.plan_actions(PlanArguments.model_validate(asked))
    assert (same.plan, same.digest) == (answer.plan, answer.digest)
    less = bench.plan_actions(PlanArguments.model_validate({**asked, "exclude": boxes[:1]}))
    assert {a.file for a in less.actions if a.action != "keep"} == acting - {boxes[0]}
    radio = next(
        one for one in read.all("input") if "data-keeper" in one and "checked" not in one
        and one["data-keeper"] in acting
    )  # fmt: skip
    chosen = {str(radio["data-group"]): str(radio["data-keeper"])}
    other = bench.plan_actions(PlanArguments.model_validate({**asked, "overrides": chosen}))
    assert radio["data-keeper"] not in {a.file for a in other.actions if a.action != "keep"}


def browser() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium here")


CLICKS = """
document.querySelector('input[data-file]').click();
const radios = [...document.querySelectorAll('article:last-of-type input[data-keeper]')];
radios.find((one) => !one.checked).click();
document.getElementById('search').value = 'nothing is called this';
document.getElementById('search').dispatchEvent(new Event('input'));
document.title = document.getElementById('shown').textContent;
document.body.append(Object.assign(document.createElement('pre'), {
  id: 'said', textContent: document.getElementById('json').value}));
"""


def test_in_a_browser_an_unticked_box_becomes_an_argument(library: Path, tmp_path: Path) -> None:
    chromium = browser()
    bench, answer, text = planned(library)
    policy = re.search(r'<meta http-equiv="Content-Security-Policy".*?>', text)
    assert policy is not None
    # The page's own policy would not let this script in.
    clicked = text.replace(policy[0], "").replace("</body>", f"<script>{CLICKS}</script></body>")
    (tmp_path / "page.html").write_text(clicked, encoding="utf-8")
    command = [
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
        "--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}",
        "--dump-dom", f"file://{tmp_path / 'page.html'}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, timeout=300, check=True)
    dom = done.stdout.decode()
    assert "<title>0 of 2 shown</title>" in dom
    said = re.search(r'<pre id="said">(.*?)</pre>', dom)
    assert said is not None
    asked = json.loads(said[1].replace("&amp;", "&"))
    assert len(asked["exclude"]) == len(asked["overrides"]) == 1
    made = bench.plan_actions(PlanArguments.model_validate(asked))
    acted = {action.file for action in made.actions if action.action != "keep"}
    assert acted.isdisjoint({*asked["exclude"], *asked["overrides"].values()})
    assert made.digest != answer.digest


def test_the_page_of_a_plan_that_was_applied_says_how_it_went(library: Path) -> None:
    bench, answer, _ = planned(library)
    with bench._open()[0].atomic() as connection:
        plans.set_action(connection, int(answer.plan[1:]), 1, "skipped", code="FILE_CHANGED")
    plans.set_status(bench._open()[0], int(answer.plan[1:]), "partial")
    again = bench.plan_actions(PlanArguments(plan=answer.plan, report=True))
    text = (library / str(again.report)).read_text(encoding="utf-8")
    assert "It is skipped (FILE_CHANGED)" in text
    assert not [one for one in Reader(text).all("input") if "data-file" in one]


def witness(number: int) -> Witness:
    return Witness(
        file=f"f{number}", root=1, path=f"films/{number:06d} {'long name ' * 10}.mp4",
        device=1, inode=number, size=10**9, mtime_ns=number,
    )  # fmt: skip


def test_a_plan_of_very_many_actions_makes_a_page_that_opens(tmp_path: Path) -> None:
    bench = Workbench(Settings(root=(tmp_path,)))
    db, _ = bench._open()
    count = 20_000
    actions = tuple(
        Action.model_construct(
            n=n, action="trash", victim=witness(2 * n), keeper=witness(2 * n + 1),
            relation="exact", group=f"g{n}", to=f"__TRASH_BIN__/{n}", because="same bytes",
            frees=n,
        )
        for n in range(1, count + 1)
    )  # fmt: skip
    row = plans.save(db, actions)
    text = bench.report(row.name)
    assert len(text.encode()) < LARGEST
    articles = [one for one in Reader(text).all("article") if "data-group" in one]
    assert len(articles) == contents.MOST_GROUPS
    assert articles[0]["data-group"] == f"g{count}"
    assert f"{count - contents.MOST_GROUPS:,} actions are in the plan" in text
    assert "<b>20,000</b> to the trash" in text
