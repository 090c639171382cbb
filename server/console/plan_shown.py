"""A plan for the eyes of whoever is to agree to it: its sums, its risks, its actions."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from autodedup.schemas.plan_actions import PlanAnswer
from autodedup.server.summary import summary


def plan_shown(plan: PlanAnswer) -> Iterator[RenderableType]:
    """Yield the actions of this page, then what the whole plan amounts to."""
    if plan.actions:
        yield _actions(plan)
        left = plan.actions_total - plan.actions[-1].n
        if left > 0 and plan.next_cursor is not None:
            yield Text(
                f"… and {left:,} more actions: --limit 500, --report, or --cursor "
                f"{plan.next_cursor}"
            )
        yield Text("")
    yield Text(summary(plan))
    if plan.report is not None:
        yield Text(f"  report: {plan.report}")


def _actions(plan: PlanAnswer) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("action", no_wrap=True)
    table.add_column("id", no_wrap=True)
    table.add_column("file", overflow="fold")
    table.add_column("keeps", no_wrap=True)
    table.add_column("because")
    for action in plan.actions:
        # The trash keeps the paths of what lies in it: nothing new to read.
        elsewhere = action.to is not None and action.action != "trash"
        table.add_row(
            Text(str(action.n), style="dim"),
            Text(action.action, style="green" if action.action == "keep" else "yellow"),
            action.file,
            Text(f"{action.path} → {action.to}" if elsewhere else action.path),
            action.keep or "",
            Text(action.because),
        )
    return table
