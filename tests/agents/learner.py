"""An agent that corrects its own call, knowing nothing but what the error says.

It has no knowledge of the tools: every correction is read off `message`, `hint` and `details`. A
mistake that it cannot get over is an error that does not teach.
"""

import copy
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from server.raw_client import RawClient

Body = dict[str, Any]

MOST_TRIES = 6
_QUOTED = re.compile(r"'([^']+)'")
_STEP = re.compile(r"(\w+)|\[(\d+)\]")
_TOOL = re.compile(r"\b(find_duplicates|plan_actions|ingest|preflight|apply_plan|undo_plan)\b")


@dataclass
class Lesson:
    """How one attempt went: every call made, and the last answer."""

    calls: list[tuple[str, Body]] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    answer: Body = field(default_factory=dict)

    @property
    def learnt(self) -> bool:
        return self.answer.get("ok") is True


class Learner:
    """Tries, reads the error, and tries again."""

    def __init__(self, client: RawClient) -> None:
        self._client = client
        self.known: dict[str, Any] = {}

    def attempt(self, tool: str, arguments: Body) -> Lesson:
        """Make the call and mend it until it is right or there is nothing more to learn."""
        lesson, arguments = Lesson(), copy.deepcopy(arguments)
        for _ in range(MOST_TRIES):
            answer = self._call(tool, arguments, lesson)
            if answer.get("ok"):
                break
            error = answer["error"]
            lesson.codes.append(str(error["code"]))
            if error["code"] == -32602:
                tool = self._nearest_tool(tool, error["message"])
                arguments = {}
            elif not self._mend(tool, arguments, error, lesson):
                break
        return lesson

    def _call(self, tool: str, arguments: Body, lesson: Lesson) -> Body:
        lesson.calls.append((tool, copy.deepcopy(arguments)))
        told = self._client.call(tool, arguments)
        answer: Body = (
            {"ok": False, "error": told["error"]}
            if "error" in told
            else told["result"]["structuredContent"]
        )
        lesson.answer = answer
        self._remember(answer)
        return answer

    def _remember(self, answer: Body) -> None:
        for name in ("plan", "digest", "result"):
            if answer.get(name):
                self.known[name] = answer[name]
        for group in answer.get("groups", ()):
            self.known.setdefault("groups", []).append(group["id"])
            self.known.setdefault("files", []).extend(one["id"] for one in group["files"])

    def _nearest_tool(self, tool: str, message: str) -> str:
        there = [name.strip() for name in message.rpartition("there are ")[2].split(",")]
        return (get_close_matches(tool, there, n=1, cutoff=0) or [tool])[0]

    def _mend(self, tool: str, arguments: Body, error: Body, lesson: Lesson) -> bool:
        """Change the arguments by what the error says; False when it says nothing to go by."""
        before = json.dumps(arguments)
        details = error.get("details") or {}
        for problem in details.get("arguments", ()):
            if problem["argument"]:
                _mend_one(arguments, problem["argument"], problem["problem"])
            else:
                self._fill(arguments, problem["problem"])
        if error["code"] == "CURSOR_EXPIRED":
            arguments.pop("cursor", None)
        if error["hint"].startswith("Call again with trash, {"):
            example = error["hint"].partition("trash, ")[2]
            arguments.update(json.JSONDecoder().raw_decode(example)[0])
        if "roots" in details:
            _replace(arguments, details["path"], details["roots"][0])
        if "about is one of" in error["hint"]:
            arguments["about"] = error["hint"].partition("of: ")[2].split(",")[0]
        if "without job" in error["hint"]:
            arguments.pop("job", None)
        if "newest" in details:
            _replace(arguments, arguments.get("plan"), details["newest"])
        changed = json.dumps(arguments) != before
        return self._follow(tool, arguments, error, lesson) or changed

    def _fill(self, arguments: Body, problem: str) -> None:
        """Give what is said to be needed, from what is known or can be asked for."""
        if "plan and digest" in problem or "plan is needed" in problem:
            if "plan" not in self.known:
                self.attempt("plan_actions", {})
            arguments.update({name: self.known[name] for name in ("plan", "digest")})
        if "plan is needed" in problem:
            arguments.pop("digest", None)
        if "cancel needs job" in problem:
            arguments.pop("cancel")

    def _follow(self, tool: str, arguments: Body, error: Body, lesson: Lesson) -> bool:
        """Make the calls that the hint names, and use the ids they bring."""
        if error["code"] not in {
            "NOT_INGESTED", "NOT_FOUND", "PLAN_NOT_FOUND", "DIGEST_MISMATCH", "PLAN_STALE",
        }:  # fmt: skip
            return False
        # A tool that is to be called first, be it this one, is called without these arguments.
        named = [name for name in dict.fromkeys(_TOOL.findall(error["hint"])) if name != tool]
        if not named and error["code"] == "NOT_FOUND" and tool in error["hint"]:
            named = [tool]
        for name in named:
            given = {"plan": arguments["plan"]} if "(plan=ID)" in error["hint"] else {}
            lesson.calls += self.attempt(name, given).calls
        wrong = next((str(v) for v in (error.get("details") or {}).values()), "")
        kind = {"g": "groups", "f": "files"}.get(wrong[:1])
        if kind in self.known:
            _replace(arguments, wrong, self.known[kind][0])
        for name in ("plan", "digest", "result"):
            if name in arguments and name in self.known and error["code"] != "NOT_INGESTED":
                arguments[name] = self.known[name]
        return bool(named)


def _mend_one(arguments: Body, path: str, problem: str) -> None:
    """Mend one argument, such as `kinds[0]` or `policy.near`, by the words about it."""
    steps = [int(index) if index else name for name, index in _STEP.findall(path)]
    holder: Any = arguments
    for step in steps[:-1]:
        holder = holder[step]
    last = steps[-1]
    if "did you mean" in problem:
        holder[problem.partition("did you mean ")[2].rstrip("?")] = holder.pop(last)
    elif "is unknown" in problem or "must be an object" in problem:
        del holder[last]
    else:
        holder[last] = _as_told(holder[last], problem)


def _as_told(value: Any, problem: str) -> Any:
    """Return the value in the form, or within the bounds, that the problem asks for."""
    if bound := re.search(r"at (?:most|least) (\d+)", problem):
        return int(bound[1])
    if listed := _QUOTED.findall(problem.partition("(got")[0]):
        return get_close_matches(str(value), listed, n=1, cutoff=0)[0]
    for words, made in _FORMS.items():
        if words in problem:
            return made(value)
    return value


_FORMS: dict[str, Callable[[Any], Any]] = {
    "must be a list": lambda value: [value],
    "true or false": lambda value: str(value).lower() in {"yes", "true", "1"},
    "whole number": lambda value: int(float(value)),
    "number": lambda value: float(str(value).rstrip("%")),
    "digest that plan_actions returned": lambda _: "0" * 32,
}


def _replace(value: Any, old: object, new: object) -> None:
    """Put `new` in place of `old` wherever it stands in these arguments."""
    entries = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in list(entries):
        if entry == old:
            value[key] = new
        elif isinstance(entry, dict | list):
            _replace(entry, old, new)
