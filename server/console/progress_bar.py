"""How far long work has come, as a bar on stderr while it lasts."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from autodedup.schemas.jobs import Progress

Report = Callable[[Progress], None]


@contextmanager
def shown_progress(doing: str) -> Iterator[Report]:
    """Yield what takes progress, from any thread; where nobody watches, it goes nowhere."""
    if not sys.stderr.isatty():
        yield _unseen
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bars

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}", markup=False),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(doing, total=None, unit="")

        def report(progress: Progress) -> None:
            bars.update(
                bar,
                description=progress.doing or doing,
                completed=progress.done,
                total=progress.total or None,
                unit=progress.unit,
            )

        yield report


def _unseen(_progress: Progress) -> None:
    """Nobody watches."""
