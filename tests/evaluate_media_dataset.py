"""Score the server on any folder with a manifest, driving it over stdio as an agent does.

    python tests/evaluate_media_dataset.py FOLDER [FOLDER …] [--profile balanced] [--apply]
        [--json] [--sheets DIR] [--serve "--workers 2"]

A FOLDER is a set of `generate_media_dataset`, the corpus ($AUTODEDUP_CORPUS), or any other with a
manifest.json or truth.json (`dataset_truth` says what stands in them). It is copied first:
nothing in it is touched. After several, the reliability of the confidence is told of all together.
With --sheets the pictures that `compare` shows of every missed pair, and of every false one, are
written to DIR.
With --apply a plan is applied and undone, and every file's SHA-256, name and time compared before
and after.
"""

import argparse
import json
import os
import shlex
import shutil
import sys
import tempfile
import time
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio
from dataset_score import BANDS, Claims, Score, score
from dataset_truth import read_manifest
from mcp import Client, StdioServerParameters
from mcp_types import ImageContent

from autodedup.schemas.apply_plan import ApplyAnswer
from autodedup.schemas.find_duplicates import FindAnswer, Group, GroupFile
from autodedup.schemas.ingest import IngestAnswer
from autodedup.schemas.plan_actions import PlanAnswer
from autodedup.server.demo_proof import changes, snapshot

KINDS = ["exact", "same_stream", "near", "contains", "overlap"]
WAIT = {"wait_s": 3600}
MISSES_SHOWN = 60


class ToolFailedError(Exception):
    """A tool answered with an error."""


@dataclass(frozen=True, slots=True)
class Undone:
    """How many files a plan moved, and what was not back after the undo."""

    moved: int
    not_back: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that was measured."""

    files: int
    errors_by_code: dict[str, int]
    ingest_seconds: float
    find_seconds: float
    score: Score
    undone: Undone | None
    sheets: int = 0


class Agent:
    """Calls tools of one server, and takes no failure for an answer."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def call(self, tool: str, **arguments: object) -> dict[str, object]:
        """Return a tool's answer.

        Raises:
            ToolFailedError: The answer is an error.
        """
        result = await self._client.call_tool(tool, arguments)
        if result.is_error or result.structured_content is None:
            raise ToolFailedError(f"{tool}: {result.structured_content}")
        return dict(result.structured_content)

    async def groups(self, profile: str) -> list[Group]:
        """Return all pages of groups."""
        shown = ["path", "relation", "confidence", "evidence"]
        asked = {"kinds": KINDS, "profile": profile, "fields": shown, "limit": 100, **WAIT}
        page = FindAnswer.model_validate(await self.call("find_duplicates", **asked))
        groups = list(page.groups)
        while page.next_cursor is not None:
            answer = await self.call("find_duplicates", **asked, cursor=page.next_cursor)
            page = FindAnswer.model_validate(answer)
            groups += page.groups
        if page.result is not None and any(group.files_total for group in groups):
            return await self._completed(groups, page.result)
        return groups

    async def _completed(self, groups: list[Group], result: str) -> list[Group]:
        """Add the files that an answer leaves out of large groups: a plan lists them all."""
        asked = {"result": result, "policy": {"contains": "trash"}, "limit": 500}
        plan = PlanAnswer.model_validate(await self.call("plan_actions", **asked))
        actions = list(plan.actions)
        while plan.next_cursor is not None:
            answer = await self.call("plan_actions", cursor=plan.next_cursor, limit=500)
            plan = PlanAnswer.model_validate(answer)
            actions += plan.actions
        complete = []
        for group in groups:
            shown = {file.id for file in group.files}
            more = tuple(
                # Which acting kind it is, a plan does not tell; it is scored the same.
                GroupFile(id=action.file, path=action.path, relation="near")
                for action in actions
                if action.keep == group.keep and action.file not in shown
            )
            complete.append(group.model_copy(update={"files": group.files + more}))
        return complete

    async def sheet(self, one: str, other: str) -> bytes | None:
        """Return the contact sheet of two files, a JPEG; None where they cannot be compared."""
        result = await self._client.call_tool("compare", {"a": one, "b": other})
        pictures = [block for block in result.content if isinstance(block, ImageContent)]
        return b64decode(pictures[0].data) if pictures else None

    async def apply_and_undo(self, root: Path) -> Undone:
        """Apply a plan of all groups and undo it; say what is not as it was."""
        before = snapshot(root)
        plan = PlanAnswer.model_validate(await self.call("plan_actions", limit=1))
        applied = ApplyAnswer.model_validate(
            await self.call("apply_plan", plan=plan.plan, digest=plan.digest, **WAIT)
        )
        await self.call("undo_plan", plan=plan.plan, **WAIT)
        return Undone(applied.done, tuple(changes(before, snapshot(root))))


async def evaluate(
    folder: Path, *, profile: str, apply: bool, flags: Sequence[str], sheets: Path | None = None
) -> Outcome:
    """Copy a data set, run the whole job on the copy and score it."""
    with tempfile.TemporaryDirectory(prefix="autodedup-evaluate-") as scratch:
        root = Path(scratch) / "library"
        shutil.copytree(folder, root)
        command = ["-P", "-m", "autodedup.server", "serve", "--root", str(root), *flags]
        parameters = StdioServerParameters(command=sys.executable, args=command)
        async with Client(parameters, read_timeout_seconds=7200) as client:
            agent = Agent(client)
            started = time.perf_counter()
            ingested = IngestAnswer.model_validate(await agent.call("ingest", **WAIT))
            signed = time.perf_counter()
            groups = await agent.groups(profile)
            found = time.perf_counter()
            result = score(read_manifest(folder), Claims.of(groups))
            drawn = 0 if sheets is None else await draw_sheets(agent, result, sheets)
            undone = await agent.apply_and_undo(root) if apply else None
    return Outcome(
        files=ingested.scan.seen,
        errors_by_code=dict(ingested.errors_by_code),
        ingest_seconds=round(signed - started, 1),
        find_seconds=round(found - signed, 1),
        score=result,
        undone=undone,
        sheets=drawn,
    )


async def draw_sheets(agent: Agent, result: Score, folder: Path) -> int:
    """Write a contact sheet of every missed and every false pair into a folder; count them."""
    drawn = 0
    for kind, pairs in (("missed", result.missed), ("false", result.false)):
        for one, other in pairs:
            sheet = await agent.sheet(one, other)
            if sheet is not None:
                name = f"{kind} {Path(one).name} {Path(other).name}.jpg"
                (folder / name).write_bytes(sheet)
                drawn += 1
    return drawn


def report(outcome: Outcome) -> str:
    """Return the result as text for a person."""
    result = outcome.score
    lines = [
        f"{outcome.files} files: ingest {outcome.ingest_seconds} s, find {outcome.find_seconds} s",
        f"errors by code: {outcome.errors_by_code or 'none'}",
        "",
        f"{'with the original':<24} found  of",
        *(f"{edit:<24} {hit:>5} {of:>3}" for edit, (hit, of) in result.by_edit.items()),
        f"{'all pairs':<24} {result.found:>5} {result.total:>3}  recall {result.recall:.3f}",
        f"{'files linked to another':<24} {result.linked[0]:>5} {result.linked[1]:>3}",
        "",
        f"false acting pairs: {len(result.false)}",
        f"  of them hard negatives: {len(result.false_hard_negatives)}",
        *(f"  {one}  =  {other}" for one, other in result.false),
        f"overlaps that the manifest does not know: {len(result.false_overlaps)}",
        *(f"  {claim}" for claim in result.shared_seconds),
        f"missed: {len(result.missed)}",
        *(f"  {one}  ≠  {other}" for one, other in result.missed[:MISSES_SHOWN]),
        *(
            [f"  … --json names all {len(result.missed)}"]
            if len(result.missed) > MISSES_SHOWN
            else []
        ),
        f"offsets and speeds right: {result.offsets[0]} of {result.offsets[1]}",
        *(f"  {claim}" for claim in result.wrong_offsets),
        "scored apart (linked of pairs): "
        + (", ".join(f"{name} {a}/{b}" for name, (a, b) in result.apart.items()) or "none"),
    ]
    lines += reliable([outcome])
    if outcome.sheets:
        lines.append(f"contact sheets written: {outcome.sheets}")
    if outcome.undone is not None:
        back = "all back" if not outcome.undone.not_back else "NOT BACK"
        lines.append(f"plan applied and undone: {outcome.undone.moved} files moved, {back}")
        lines += [f"  {name}" for name in outcome.undone.not_back]
    return "\n".join(lines)


def reliable(outcomes: Sequence[Outcome]) -> list[str]:
    """Return, by confidence, how many of the claims to act upon were right."""
    lines = ["claims to act upon, by confidence: right of all"]
    for band in BANDS:
        counts = [outcome.score.reliability[band] for outcome in outcomes]
        right, total = (sum(count[n] for count in counts) for n in (0, 1))
        lines.append(f"  {band:<14} {right:>5} {total:>5}")
    return lines


def main() -> int:
    """Run as a command; the exit status is 1 only when a file is not back after the undo."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "folders", type=Path, nargs="*", metavar="folder",
        help="a folder with manifest.json or truth.json; default: $AUTODEDUP_CORPUS",
    )  # fmt: skip
    parser.add_argument("--profile", choices=["strict", "balanced", "loose"], default="balanced")
    parser.add_argument("--apply", action="store_true", help="apply a plan and undo it")
    parser.add_argument("--sheets", type=Path, help="write pictures of missed and false pairs here")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--serve", default="", help="further flags for autodedup serve")
    given = parser.parse_args()
    corpus = os.environ.get("AUTODEDUP_CORPUS")
    folders = given.folders or ([Path(corpus)] if corpus else [])
    if not folders:
        parser.error("name a folder, or set AUTODEDUP_CORPUS")

    async def work(folder: Path) -> Outcome:
        return await evaluate(
            folder, profile=given.profile, apply=given.apply, flags=shlex.split(given.serve),
            sheets=given.sheets,
        )  # fmt: skip

    if given.sheets is not None:
        given.sheets.mkdir(parents=True, exist_ok=True)
    outcomes: list[Outcome] = []
    for folder in folders:
        outcomes.append(anyio.run(work, folder))
        if not given.json:
            print(f"{folder}\n{report(outcomes[-1])}\n", flush=True)
    if given.json:
        told = [asdict(outcome) for outcome in outcomes]
        print(json.dumps(told[0] if len(told) == 1 else told, indent=1))
    elif len(outcomes) > 1:
        print("\n".join(["all together", *reliable(outcomes)]))
    lost = [name for outcome in outcomes if outcome.undone for name in outcome.undone.not_back]
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
