"""How far long work has come, as a bar on stderr while it lasts."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from autodedup.schemas.jobs import Progress
from autodedup.server.amounts import duration

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
    )
    from rich.progress import Progress as Bars

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}{task.fields[pace]}", markup=False),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(doing, total=None, unit="", pace="")

        def report(progress: Progress) -> None:
            bars.update(
                bar,
                description=progress.doing or doing,
                completed=progress.done,
                total=progress.total or None,
                unit=progress.unit,
                pace=pace(progress),
            )

        yield report


def pace(progress: Progress) -> str:
    """Return how fast it goes and how long it will take, as far as that is known.

    The bar's own guess would go by the number of files alone.
    """
    rate = "" if progress.rate is None else f", {progress.rate:.3g} a second"
    left = "" if progress.eta_s is None else f", {duration(progress.eta_s)} left"
    return f"{rate}{left}"


def _unseen(_progress: Progress) -> None:
    """Nobody watches."""
