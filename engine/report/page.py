"""A plan as a page for a person: one HTML file that needs no network. Pure.

Every name on it is somebody's file name, so everything is escaped, and a policy in the page lets
nothing run, load or be sent but the page's own style and script, which it names by their hashes.
"""

import base64
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from pydantic import JsonValue

from autodedup.schemas.errors import FileCode
from autodedup.schemas.plan import PlanStatus
from autodedup.schemas.vocabulary import ActionKind, ByteCount, Kind

_HERE = Path(__file__).parent
_GOES = frozenset({"trash", "delete", "quarantine"})
_WORDS: dict[ActionKind, str] = {
    "trash": "to the trash",
    "delete": "deleted for good",
    "hardlink": "becomes a hard link",
    "reflink": "becomes a reflink",
    "symlink": "becomes a symbolic link",
    "quarantine": "to quarantine",
    "organize": "put in order",
    "keep": "stays",
}
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class FileCard:
    """One file of the plan as it is shown.

    `n` numbers its action, None for a copy that is kept and has none. `pictures` are JPEGs of
    the same instants in every file of a group. `done` says how far its action has come.
    """

    id: str
    path: str
    facts: str
    action: ActionKind
    because: str
    n: int | None = None
    to: str | None = None
    relation: Kind | None = None
    confidence: float | None = None
    done: str | None = None
    code: FileCode | None = None
    pictures: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupCard:
    """One group: the copy that is kept first. `more` files are not shown."""

    id: str
    kind: Kind
    why_keep: str
    frees: ByteCount
    files: tuple[FileCard, ...]
    more: int = 0

    @property
    def sure(self) -> float:
        """Return the confidence of the least sure of its claims, 1 where none is told."""
        return min((f.confidence for f in self.files if f.confidence is not None), default=1.0)


@dataclass(frozen=True, slots=True)
class PlanPage:
    """Everything the page says.

    asked      the arguments of `plan_actions` that make this plan again
    summary    by action: how many files, and their bytes
    risks      code, what it means, and how many files
    others     actions that belong to no group
    left_out   sentences about what is not on the page
    """

    plan: str
    digest: str
    status: PlanStatus
    base: str
    asked: dict[str, JsonValue]
    summary: dict[ActionKind, tuple[int, int]]
    freed: ByteCount
    risks: tuple[tuple[str, str, int], ...]
    groups: tuple[GroupCard, ...]
    others: tuple[FileCard, ...]
    left_out: tuple[str, ...] = ()


def page(told: PlanPage) -> str:
    """Return the whole page."""
    return "".join(_page(told))


def _page(told: PlanPage) -> Iterator[str]:
    style = (_HERE / "page.css").read_text(encoding="utf-8")
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    policy = (
        "default-src 'none'; img-src data:; "
        f"style-src '{_named(style)}'; script-src '{_named(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    asked = escape(json.dumps(told.asked, separators=(",", ":")))
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>AutoDedup plan {escape(told.plan)}</title><style>{style}</style></head>"
        f'<body data-asked="{asked}">'
    )
    yield from _head(told)
    yield "<main>"
    yield from _tools(told)
    yield '<div id="groups">'
    for group in told.groups:
        yield from _group(group, changeable=told.status == "planned")
    yield "</div>"
    yield from _others(told.others)
    yield _CHANGES
    yield f"</main><script>{script}</script></body></html>\n"


def _named(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _head(told: PlanPage) -> Iterator[str]:
    yield f"<header><h1>Plan {escape(told.plan)}</h1>"
    said = "Nothing has been done yet." if told.status == "planned" else f"It is {told.status}."
    yield (
        f'<p>{said} <span class="soft">Library <code>{escape(told.base)}</code>, '
        f"digest <code>{escape(told.digest)}</code></span></p>"
    )
    yield f'<ul class="cards"><li><b>{_size(told.freed)}</b> would be freed</li>'
    for action, (files, size) in told.summary.items():
        yield f"<li><b>{files:,}</b> {_WORDS[action]}<br>"
        yield f'<span class="soft">{_size(size)}</span></li>'
    yield "</ul>"
    if told.risks:
        yield '<h2>Look at these first</h2><ul class="risks">'
        for code, meaning, files in told.risks:
            yield f"<li><b>{escape(code)}</b> {escape(meaning)} ({_files(files)})</li>"
        yield "</ul>"
    for sentence in told.left_out:
        yield f'<p class="left-out">{escape(sentence)}</p>'
    yield "</header>"


def _tools(told: PlanPage) -> Iterator[str]:
    actions = sorted({file.action for group in told.groups for file in group.files})
    kinds = sorted({group.kind for group in told.groups})
    yield (
        '<div class="tools" id="tools" hidden>'
        '<input type="search" id="search" placeholder="name, id or codec" aria-label="search">'
        '<label>action <select id="action"><option value="">all</option>'
    )
    yield from (f'<option value="{a}">{_WORDS[a]}</option>' for a in actions)
    yield '</select></label><label>kind <select id="kind"><option value="">all</option>'
    yield from (f'<option value="{kind}">{kind}</option>' for kind in kinds)
    yield (
        '</select></label><label>sort <select id="sort">'
        '<option value="frees down">frees most</option><option value="sure up">least sure</option>'
        '<option value="path up">name</option><option value="number up">group</option>'
        '</select></label><label><input type="checkbox" id="unsure"> under 90% sure</label>'
        '<span class="soft" id="shown" aria-live="polite"></span></div>'
    )


def _group(group: GroupCard, *, changeable: bool) -> Iterator[str]:
    words = " ".join((group.id, *(f"{f.id} {f.path} {f.facts}" for f in group.files))).lower()
    actions = " ".join(sorted({file.action for file in group.files}))
    number = group.id.lstrip("g") or "0"
    yield (
        f'<article data-group="{escape(group.id)}" data-number="{escape(number)}" '
        f'data-kind="{group.kind}" data-sure="{group.sure:.3f}" data-frees="{group.frees}" '
        f'data-actions="{actions}" data-path="{escape(group.files[0].path.lower())}" '
        f'data-words="{escape(words)}">'
        f"<h3>Group {escape(group.id)} <small>{group.kind} · {group.sure:.0%} sure · "
        f'frees {_size(group.frees)}</small></h3><p class="soft">'
        f"{escape(group.files[0].id)} is kept: {escape(group.why_keep)}</p>"
        '<div class="files">'
    )
    for place, file in enumerate(group.files):
        yield from _file(file, group, kept=place == 0, changeable=changeable)
    yield "</div>"
    if group.more:
        yield f'<p class="left-out">{_files(group.more)} of this group are not shown.</p>'
    yield "</article>"


def _file(file: FileCard, group: GroupCard, *, kept: bool, changeable: bool) -> Iterator[str]:
    pictured = any(one.pictures for one in group.files)
    yield f'<section class="file{" kept" if kept else ""}">'
    for picture in file.pictures:
        data = base64.b64encode(picture).decode("ascii")
        yield f'<img alt="" src="data:image/jpeg;base64,{data}">'
    if pictured and not file.pictures:
        yield '<div class="no">not pictured</div>'
    yield f"{_badge(file, kept=kept)} <b>{escape(file.id)}</b> {_claim(file)}"
    yield f'<span class="path">{escape(file.path)}</span>'
    yield f'<div class="facts">{escape(file.facts)}</div>'
    if not kept:
        yield f'<div class="because">{escape(_because(file))}</div>'
    if changeable:
        yield from _choices(file, group, kept=kept)
    yield "</section>"


def _because(file: FileCard) -> str:
    words = file.because if file.to is None else f"{file.because}. It goes to {file.to}"
    if file.done is None:
        return words
    return f"{words}. {file.done}" + (f" ({file.code})" if file.code else "")


def _choices(file: FileCard, group: GroupCard, *, kept: bool) -> Iterator[str]:
    if not kept and file.action != "keep":
        yield (
            f'<label class="choice" hidden><input type="checkbox" checked '
            f'data-file="{escape(file.id)}"> do this</label>'
        )
    checked = " checked" if kept else ""
    yield (
        f'<label class="choice" hidden><input type="radio" name="{escape(group.id)}" '
        f'data-group="{escape(group.id)}" data-keeper="{escape(file.id)}"{checked}> '
        "keep this one</label>"
    )


def _badge(file: FileCard, *, kept: bool) -> str:
    if kept or file.action == "keep":
        return f'<span class="badge keep">{"kept" if kept else "stays"}</span>'
    kind = "go" if file.action in _GOES else "other"
    return f'<span class="badge {kind}">{_WORDS[file.action]}</span>'


def _claim(file: FileCard) -> str:
    if file.relation is None:
        return ""
    sure = "" if file.confidence is None else f", {file.confidence:.0%} sure"
    return f'<span class="facts">{file.relation}{sure}</span>'


def _others(files: Sequence[FileCard]) -> Iterator[str]:
    if not files:
        return
    yield '<h2>Other files</h2><article><div class="files">'
    for file in files:
        yield f'<section class="file">{_badge(file, kept=False)} <b>{escape(file.id)}</b>'
        yield f'<span class="path">{escape(file.path)}</span>'
        yield f'<div class="facts">{escape(file.facts)}</div>'
        yield f'<div class="because">{escape(_because(file))}</div></section>'
    yield "</div></article>"


_CHANGES = (
    '<div class="changes" id="changes" hidden><b id="count"></b>: hand this to '
    '<code>plan_actions</code>; it makes a new plan to review.<textarea id="json" readonly '
    'aria-label="arguments for plan_actions"></textarea>'
    '<button class="main" type="button" id="copy">Copy</button> '
    '<button type="button" id="reset">Take back</button></div>'
)


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def _size(count: int) -> str:
    amount = float(count)
    for unit in _UNITS:
        if amount < 1000 or unit == _UNITS[-1]:  # noqa: PLR2004  # decimal units, as disks are sold
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    raise AssertionError(count)
