"""`autodedup plan`: turn the groups found into a plan to review; no video is touched."""

import sys
from collections.abc import Callable, Sequence

from pydantic import JsonValue
from rich.text import Text

from autodedup.engine.errors import InvalidArgumentError
from autodedup.schemas.plan_actions import PlanAnswer
from autodedup.server.call import read_object
from autodedup.server.console.errand import Errand, Json, command_line, run
from autodedup.server.console.paths import file_reference
from autodedup.server.console.plan_shown import plan_shown
from autodedup.server.wire import Envelope


def main(argv: Sequence[str]) -> int:
    """Make a plan, or show one that was made."""
    parser = command_line(
        "plan", "Plan what to do with the duplicates that were found. Touches no video.", "[PLAN]"
    )
    parser.add_argument("plan", metavar="PLAN", nargs="?", help="show this plan, such as p7")
    parser.add_argument("--group", action="append", metavar="ID", help="only this group; repeat")
    parser.add_argument(
        "--policy", action="append", metavar="KIND=ACTION", help="such as near=keep; repeat"
    )
    parser.add_argument("--keep", metavar="RULES", help="such as protected,size,resolution")
    parser.add_argument(
        "--keeper", action="append", metavar="GROUP=FILE", help="keep this one: g3=f9; repeat"
    )
    parser.add_argument("--exclude", action="append", metavar="FILE", help="leave alone; repeat")
    parser.add_argument(
        "--remember", action="store_true", help="the excluded are no duplicates, for good"
    )
    parser.add_argument("--report", action="store_true", help="write an HTML page to review")
    parser.add_argument(
        "--with", dest="more", metavar="JSON", help="what the report page gave you; - is stdin"
    )
    parser.add_argument("--limit", metavar="N", type=int, help="actions to show [30]")
    parser.add_argument("--cursor", metavar="TEXT", help="show the page that starts here")
    return run(parser, argv, _work)


def _work(errand: Errand) -> Envelope:
    answer = errand.call("plan_actions", _asked(errand))
    if not errand.screen.as_json:
        plan = PlanAnswer.model_validate(answer.body)
        errand.screen.show(*plan_shown(plan))
        if plan.actions_total and plan.status == "planned":
            errand.screen.show(Text(f"Next: autodedup apply {plan.plan}", style="dim"))
    return answer


def _asked(errand: Errand) -> Json:
    options = errand.options
    given: Json = {
        "plan": options.plan,
        "groups": options.group,
        "policy": _pairs("--policy", options.policy, str),
        "keep": None if options.keep is None else [*options.keep.split(",")],
        "overrides": _pairs("--keeper", options.keeper, file_reference),
        "exclude": None if options.exclude is None else [*map(file_reference, options.exclude)],
        "remember": options.remember or None,
        "report": options.report or None,
        "limit": options.limit,
        "cursor": options.cursor,
    }
    typed: Json = {name: value for name, value in given.items() if value is not None}
    if options.more is None:
        return typed
    return {**read_object(sys.stdin.read() if options.more == "-" else options.more), **typed}


def _pairs(
    flag: str, words: Sequence[str] | None, value: Callable[[str], str]
) -> dict[str, JsonValue] | None:
    """Return `["g3=f9"]` as `{"g3": "f9"}`; nothing when the flag was not given.

    Raises:
        InvalidArgumentError: A word has no equals sign.
    """
    if words is None:
        return None
    split = [word.partition("=") for word in words]
    if not all(between for _, between, _ in split):
        raise InvalidArgumentError(f"{flag} takes NAME=VALUE; nothing was planned.")
    return {name.strip(): value(said.strip()) for name, _, said in split}
