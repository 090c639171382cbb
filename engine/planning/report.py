"""A plan as a page for a person: one HTML file that needs no network and runs no script.

Every name on it is somebody's file name, so everything is escaped; a policy in the page forbids
it to load or run anything.
"""

import errno
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

from autodedup.engine.errors import AutoDedupError, NoSpaceError, PermissionDeniedError
from autodedup.engine.library import LibraryFile
from autodedup.engine.names import shown
from autodedup.engine.planning.risks import MEANINGS
from autodedup.engine.store.plans import PlanRow
from autodedup.schemas.plan import Action, Witness

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 2rem; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8886; }
td.number { text-align: right; white-space: nowrap; }
code { overflow-wrap: anywhere; }
.kept { background: #2a84; } .trash, .delete { background: #d644; }
"""
_HEAD = ("file", "name", "bytes", "seconds", "picture", "codec", "what happens", "why")


def write_report(
    folder: Path, row: PlanRow, actions: Sequence[Action], files: Mapping[int, LibraryFile]
) -> Path:
    """Write the page beside the state database and return its path; an older one is replaced.

    Raises:
        NoSpaceError: The disk is full. The plan is stored all the same.
        PermissionDeniedError: The page cannot be written. The plan is stored all the same.
    """
    page = folder / f"{row.name}.html"
    draft = folder / f".{row.name}.html.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_text("".join(_page(row, actions, files)), encoding="utf-8")
            draft.replace(page)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritten(row, page, error) from error
    return page


def _unwritten(row: PlanRow, page: Path, error: OSError) -> AutoDedupError:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    return (NoSpaceError if full else PermissionDeniedError)(
        f"Plan {row.name} is stored, but its report {shown(os.fspath(page))} cannot be written: "
        f"{error.strerror or type(error).__name__}. No file was touched.",
        hint=f"Show the plan with plan_actions(plan='{row.name}'), or make room for the report "
        "and ask again.",
        details={"plan": row.name, "digest": row.digest},
    )


def _page(
    row: PlanRow, actions: Sequence[Action], files: Mapping[int, LibraryFile]
) -> Iterator[str]:
    freed = sum(action.frees for action in actions)
    yield (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width">'
        f"<title>AutoDedup plan {row.name}</title><style>{_STYLE}</style>"
        f"<h1>Plan {row.name}</h1><p>Nothing has been done yet. "
        f"{len(actions)} actions would free {freed:,} bytes. Digest <code>{row.digest}</code>.</p>"
    )
    if row.risks:
        yield "<h2>Look at these first</h2><ul>"
        for risk in row.risks:
            meaning = next((said for code, said in MEANINGS.items() if code == risk.code), "")
            yield f"<li><b>{risk.code}</b>: {escape(meaning)} ({len(risk.files)} files)</li>"
        yield "</ul>"
    by_group: dict[str, list[Action]] = defaultdict(list)
    for action in actions:
        by_group[action.group or ""].append(action)
    for group, members in by_group.items():
        yield f"<h2>{f'Group {group}' if group else 'Other files'}</h2><table><tr>"
        yield "".join(f"<th>{name}</th>" for name in _HEAD) + "</tr>"
        yield from _rows(members, files)
        yield "</table>"
    yield "</html>\n"


def _rows(actions: Sequence[Action], files: Mapping[int, LibraryFile]) -> Iterator[str]:
    told: set[str] = {action.victim.file for action in actions}
    for action in actions:
        keeper = action.keeper
        if keeper is not None and keeper.file not in told:
            told.add(keeper.file)
            known = files.get(int(keeper.file[1:]))
            yield _row(keeper, known, "stays", mark="kept", why="the copy that is kept")
    for action in actions:
        what = action.action if action.to is None else f"{action.action} → {shown(action.to)}"
        known = files.get(int(action.victim.file[1:]))
        yield _row(action.victim, known, what, mark=action.action, why=action.because)


def _row(witness: Witness, file: LibraryFile | None, what: str, *, mark: str, why: str) -> str:
    signature = None if file is None else file.signature
    picture = "" if signature is None else f"{signature.facts.width}x{signature.facts.height}"
    cells = (
        (witness.file, ""),
        (f"<code>{escape(shown(witness.path))}</code>", ""),
        ("" if file is None else f"{file.row.stat.size:,}", "number"),
        ("" if signature is None else f"{signature.seconds:.1f}", "number"),
        (picture, "number"),
        ("" if signature is None else escape(signature.facts.codec), ""),
        (escape(what), ""),
        (escape(why), ""),
    )
    columns = "".join(f'<td class="{kind}">{text}</td>' for text, kind in cells)
    return f'<tr class="{mark}">{columns}</tr>'
