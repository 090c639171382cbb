"""Groups of duplicates as a table: the keeper, the others, and what each claim rests on."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from autodedup.schemas.evidence import Evidence, Overlap
from autodedup.schemas.find_duplicates import Group, GroupFile
from autodedup.server.amounts import size


def groups_table(groups: Sequence[Group]) -> Table:
    """Return one row a file, the keeper of each group first."""
    table = Table(box=None, pad_edge=False)
    for heading in ("group", "id"):
        table.add_column(heading, no_wrap=True)
    table.add_column("file", overflow="fold")
    table.add_column("picture", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    for heading in ("is", "because"):
        table.add_column(heading)
    for group in groups:
        for file in sorted(group.files, key=lambda one: one.id != group.keep):
            _add(table, group, file)
    return table


def _add(table: Table, group: Group, file: GroupFile) -> None:
    kept = file.id == group.keep
    sure = "" if file.confidence is None else f" {file.confidence:.2f}"
    table.add_row(
        Text(group.id if kept else "", style="bold"),
        file.id,
        Text(file.path or ""),
        Text(_picture(file), style="dim"),
        "" if file.bytes is None else size(file.bytes),
        Text("keeper", style="green") if kept else Text(f"{file.relation}{sure}"),
        Text(group.why_keep if kept else in_a_line(file.evidence)),
    )


def _picture(file: GroupFile) -> str:
    sides = f"{file.width}x{file.height}" if file.width and file.height else ""
    return " ".join(filter(None, (sides, file.codec)))


def in_a_line(evidence: Evidence | None) -> str:
    """Return the evidence as one line: which seconds, how closely, what was undone."""
    if evidence is None:
        return ""
    said = [_seconds(part) for part in evidence.overlap or ()]
    if evidence.distance is not None:
        said.append(f"{evidence.distance.mean:.0f} of {evidence.distance.of_bits} bits differ")
    if evidence.likeness is not None:
        said.append(f"cosine {evidence.likeness.mean:.2f}")
    if evidence.view is not None:
        said.append(f"view {evidence.view}")
    if evidence.agrees:
        said.append(f"same {' and '.join(evidence.agrees)}")
    return ", ".join(said)


def _seconds(part: Overlap) -> str:
    """Return which seconds match: one span when they are the same ones in both files."""
    here, there = (f"{span[0]:.1f}-{span[1]:.1f}" for span in (part.a, part.b))
    return f"{here} s" if here == there else f"{here} s is {there} s of it"
