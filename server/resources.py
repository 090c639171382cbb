"""What a client may read by address: a plan, its page, a group's contact sheet."""

import json
import logging
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from mcp.server.lowlevel.helper_types import ReadResourceContents
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS, ResourceTemplate

from autodedup.engine.caller import Caller
from autodedup.engine.errors import AutoDedupError, UnknownIdError
from autodedup.engine.workbench import Workbench
from autodedup.schemas.compare import CompareArguments
from autodedup.schemas.plan_actions import PlanArguments

logger = logging.getLogger(__name__)

# The client named something that is not there: its fault, where the others are ours.
_NOT_THERE = frozenset({"NOT_FOUND", "PLAN_NOT_FOUND", "NOT_INGESTED", "PATH_NOT_FOUND"})


@dataclass(frozen=True, slots=True)
class Address:
    """One kind of resource; `read` takes the id in its address."""

    template: ResourceTemplate
    pattern: re.Pattern[str]
    read: Callable[[Workbench, str, Caller], str | bytes]


def _plan(bench: Workbench, plan: str, _caller: Caller) -> str:
    body = bench.plan_actions(PlanArguments(plan=plan)).wire()
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def _report(bench: Workbench, plan: str, _caller: Caller) -> str:
    return bench.report(plan)


def _sheet(bench: Workbench, group: str, caller: Caller) -> bytes:
    sheet = bench.compare(CompareArguments(group=group), caller).sheet
    if sheet is None:
        raise UnknownIdError(
            f"No picture of {group} can be taken.",
            hint=f'compare says why: {{"group":"{group}"}}.',
            details={"group": group},
        )
    return sheet


ADDRESSES = (
    Address(
        ResourceTemplate(
            name="plan",
            title="A plan",
            uri_template="autodedup://plan/{plan}",
            description="A plan as plan_actions tells it, first page.",
            mime_type="application/json",
        ),
        re.compile(r"autodedup://plan/(p[1-9][0-9]{0,17})"),
        _plan,
    ),
    Address(
        ResourceTemplate(
            name="report",
            title="The page of a plan",
            uri_template="autodedup://report/{plan}",
            description="A plan as an HTML page for a person, with pictures; may be megabytes.",
            mime_type="text/html",
        ),
        re.compile(r"autodedup://report/(p[1-9][0-9]{0,17})"),
        _report,
    ),
    Address(
        ResourceTemplate(
            name="sheet",
            title="A contact sheet",
            uri_template="autodedup://group/{group}/sheet.jpg",
            description="The files of a group side by side, at the same instants.",
            mime_type="image/jpeg",
        ),
        re.compile(r"autodedup://group/(g[1-9][0-9]{0,17})/sheet\.jpg"),
        _sheet,
    ),
)


def read(bench: Workbench, uri: str, caller: Caller) -> ReadResourceContents:
    """Return what lies at an address; may block for long.

    Raises:
        MCPError: No address looks like this, nothing is there, or it cannot be read; `data`
            holds the error as a tool would answer it.
    """
    for address in ADDRESSES:
        if (found := address.pattern.fullmatch(uri)) is not None:
            try:
                content = address.read(bench, found[1], caller)
            except AutoDedupError as error:
                raise _told(error) from error
            except Exception as error:
                raise _incident(uri, error) from error
            return ReadResourceContents(content=content, mime_type=address.template.mime_type)
    known = ", ".join(address.template.uri_template for address in ADDRESSES)
    raise MCPError(code=INVALID_PARAMS, message=f"Nothing lies at {uri[:100]}; there are {known}.")


def _told(error: AutoDedupError) -> MCPError:
    code = INVALID_PARAMS if error.code in _NOT_THERE else INTERNAL_ERROR
    return MCPError(code=code, message=f"{error.message} {error.hint}", data=error.body().wire())


def _incident(uri: str, error: Exception) -> MCPError:
    number = secrets.token_hex(4)
    logger.error("incident %s in reading %s", number, uri[:100], exc_info=error)
    return MCPError(
        code=INTERNAL_ERROR,
        message=f"AutoDedup failed through a fault of its own (incident {number}).",
    )
