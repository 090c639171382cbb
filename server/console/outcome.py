"""How an apply or an undo ended, for the person who asked for it."""

from collections.abc import Iterator

from rich.text import Text

from autodedup.schemas.apply_plan import ApplyAnswer
from autodedup.server.amounts import counted, size


def outcome(answer: ApplyAnswer) -> Iterator[Text]:
    """Yield what was done, what was not and why, and how to take it back."""
    whole = answer.status in {"applied", "undone"}
    mark = Text("✔ " if whole else "! ", style="bold green" if whole else "bold yellow")
    freed = f", {size(answer.bytes_freed)} freed" if answer.bytes_freed else ""
    yield mark.append(
        f"{answer.plan} {answer.status}: {counted(answer.done, 'action')} done, "
        f"{answer.skipped:,} skipped, {answer.failed:,} failed{freed}.",
        style="default not bold",
    )
    for item in answer.items:
        told = Text(f"  {item.code} ", style="yellow")
        yield told.append(f"{item.action} {item.path}: {item.detail}", style="default")
    if answer.items_total > len(answer.items):
        yield Text(f"  … and {answer.items_total - len(answer.items):,} more")
    for note in answer.notes:
        yield Text(f"Note: {note}", style="dim")
    if answer.undo is not None:
        yield Text(f"To put it back: autodedup undo {answer.undo}", style="dim")
