"""What the demo prints: each call and answer as an agent sees it, cut to fit a screen."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from pydantic import JsonValue
from rich.console import Console
from rich.highlighter import JSONHighlighter
from rich.markup import escape
from rich.table import Table

from autodedup.engine.footage.library import Made
from autodedup.schemas.find_duplicates import FindAnswer
from autodedup.server.console.groups import groups_table

Json: TypeAlias = Mapping[str, JsonValue]

_LONGEST_LIST = 4
_PIPE_COLUMNS = 120
_LONGEST_ANSWER = 1100  # characters


class Screen:
    """Where the demo's story is told; a quiet one tells nothing but failures."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        # Into a pipe there is no screen to fit: a table may be as wide as it is.
        width = None if sys.stdout.isatty() else _PIPE_COLUMNS
        self._console = Console(quiet=quiet, highlight=False, width=width)
        self._errors = Console(stderr=True, highlight=False)
        self._json = JSONHighlighter()

    def title(self, text: str) -> None:
        """Begin a part."""
        self._console.print(f"\n[bold]{escape(text)}[/bold]")

    def library(self, folder: Path, made: Sequence[Made]) -> None:
        """Show the files that were made."""
        table = Table(box=None, pad_edge=False)
        for heading in ("file", "what it is"):
            table.add_column(heading, style="cyan" if heading == "file" else "")
        table.add_column("bytes", justify="right")
        for file in made:
            size = (folder / file.path).stat().st_size
            table.add_row(escape(file.path), file.what, f"{size:,}")
        self._console.print(table)

    def asked(self, tool: str, arguments: Json) -> None:
        """Show a call."""
        self._console.print(f"\n[bold green]▶ {tool}[/] {escape(_compact(arguments))}")

    def answered(self, tool: str, answer: Json) -> None:
        """Show an answer: groups as a table, the rest as the compact JSON that it is."""
        if tool == "find_duplicates" and answer.get("ok") is True:
            found = FindAnswer.model_validate(dict(answer))
            self._console.print(groups_table(found.groups))
            answer = {name: value for name, value in answer.items() if name != "groups"}
        text = _compact(_abridged(dict(answer)))
        if len(text) > _LONGEST_ANSWER:
            text = f"{text[:_LONGEST_ANSWER]} …"
        self._console.print(self._json(text), soft_wrap=True)

    def moved(self, root: Path) -> None:
        """Show where files lie between apply and undo."""
        self._console.print("\n[bold]On the disk now[/bold]")
        for path in sorted(root.rglob("*")):
            inside = path.relative_to(root)
            if path.is_file() and inside.parts[0] != ".autodedup":
                self._console.print(f"  {escape(inside.as_posix())}")

    def verdict(self, files: int, moved: int, problems: Sequence[str], seconds: float) -> None:
        """Say how it ended."""
        if problems:
            for problem in problems:
                self.failed(problem)
            return
        self._console.print(
            f"\n[bold green]✔ Proof[/] {moved} files were moved and put back; all {files} have "
            f"the SHA-256, name and time they had before. Every expected duplicate was found, "
            f"nothing else was taken for one. {seconds:.0f} s in all."
        )

    def failed(self, problem: str) -> None:
        """Say what went wrong, on stderr."""
        self._errors.print(f"[bold red]✘[/] {escape(problem)}")


def _compact(value: JsonValue | Json) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _abridged(value: JsonValue) -> JsonValue:
    """Return the value with long lists cut, saying how many entries are not shown."""
    if isinstance(value, dict):
        return {name: _abridged(entry) for name, entry in value.items()}
    if isinstance(value, list):
        shown = [_abridged(entry) for entry in value[:_LONGEST_LIST]]
        left = len(value) - len(shown)
        return [*shown, f"… {left} more"] if left else shown
    return value
