"""Signatures made elsewhere find the same duplicates, and a hostile line finds nothing."""

import base64
import json
import multiprocessing
import shutil
import threading
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from conftest import PATIENT, ingest

from autodedup.engine.portable.importing import (
    AMBIGUOUS,
    IMPORTED,
    KNOWN,
    NONSENSE,
    REFUSED,
    UNKNOWN,
)
from autodedup.engine.portable.line import SignedLine, read_line
from autodedup.engine.portable.sign_anywhere import SigningRecipe, sign_file
from autodedup.engine.signature.digests import edge_hash
from autodedup.engine.signature.sign import sign
from autodedup.engine.workbench import Workbench
from autodedup.engine.workers.framing import NonsenseError
from autodedup.schemas.find_duplicates import FindArguments
from autodedup.server.__main__ import main

OpenBench = Callable[..., Workbench]
Change = Callable[[dict[str, Any]], None]


def imported(bench: Workbench, lines: Iterable[str]) -> dict[str, int]:
    _, counts = bench.import_signatures([line.encode() for line in lines], threading.Event())
    return dict(counts)


def groups(bench: Workbench) -> list[tuple[str, list[tuple[str, str | None, object]]]]:
    """Return what was found, by the names of the files."""
    found = bench.find_duplicates(FindArguments(limit=100), PATIENT).groups
    return sorted(
        (group.kind, sorted((f.path or "", f.relation, f.confidence) for f in group.files))
        for group in found
    )


@pytest.fixture
def line(video: Path) -> str:
    return sign_file(str(video), SigningRecipe(embedded=False))


def test_a_library_signed_by_processes_outside_the_server_gives_the_same_answer(
    fresh_library: Path, ingested: Path, tmp_path: Path, open_bench: OpenBench
) -> None:
    films = sorted(path for path in fresh_library.rglob("*") if path.is_file())
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as processes:
        sign = partial(sign_file, recipe=SigningRecipe())
        lines = list(processes.map(sign, map(str, films)))
    bench = open_bench(fresh_library)

    counts = imported(bench, lines)

    assert counts[IMPORTED] == 10
    assert counts[KNOWN] == 1  # an exact copy: one of the two lines was enough for both
    assert counts[REFUSED] == 1
    answer = ingest(bench)
    assert answer.route.pyav == 0
    assert answer.failed == 1
    here = shutil.copytree(ingested, tmp_path / "signed here")
    assert groups(bench) == groups(open_bench(here))


def test_the_command_line_signs_and_imports(
    video: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    films = tmp_path / "films"
    films.mkdir()
    (films / "a.mp4").write_bytes(video.read_bytes())
    (films / "b.mp4").write_bytes(b"")
    assert main(["sign", str(films), "--no-copy"]) == 0
    told = capsysbinary.readouterr().out
    assert [json.loads(one)["path"] for one in told.splitlines()] == ["a.mp4", "b.mp4"]
    kept = tmp_path / "signatures.jsonl"
    kept.write_bytes(told)
    (films / "a.mp4").rename(films / "renamed.mp4")

    assert main(["import", str(kept), "--root", str(films)]) == 0

    answer = json.loads(capsysbinary.readouterr().out)
    assert answer["files_signed"] == 1
    assert answer["lines"] == {IMPORTED: 1, REFUSED: 1}


def test_a_line_is_for_content_and_never_for_a_name(
    line: str, video: Path, tmp_path: Path, open_bench: OpenBench
) -> None:
    other = bytearray(video.read_bytes())
    other[-1] ^= 1
    (tmp_path / "film.mp4").write_bytes(other)
    told = json.loads(line) | {"path": "film.mp4"}

    assert imported(open_bench(tmp_path), [json.dumps(told)]) == {UNKNOWN: 1}


def test_a_line_that_may_mean_two_contents_is_taken_for_neither(
    line: str, video: Path, tmp_path: Path, open_bench: OpenBench
) -> None:
    data = video.read_bytes()
    for name, filling in (("a.mp4", b"\0"), ("b.mp4", b"\1")):
        (tmp_path / name).write_bytes(data + 300_000 * filling + data)
    status = (tmp_path / "a.mp4").stat()
    edges = edge_hash(tmp_path / "a.mp4", size=status.st_size, mtime_ns=status.st_mtime_ns)
    told = json.loads(line) | {"size": status.st_size, "edges": edges.hex()}

    assert imported(open_bench(tmp_path), [json.dumps(told)]) == {AMBIGUOUS: 1}


def _body(change: Callable[[bytes], bytes]) -> Change:
    def changed(told: dict[str, Any]) -> None:
        plain = zlib.decompress(base64.b64decode(told["body"]))
        told["body"] = base64.b64encode(zlib.compress(change(plain))).decode()

    return changed


HOSTILE: dict[str, Change] = {
    "another recipe": lambda told: told["head"].update(recipe="dct99"),
    "more frames than there are": lambda told: told["head"].update(frames=4000),
    "frames without end": lambda told: told["head"].update(frames=10**9),
    "a side of no size": lambda told: told["head"]["facts"].update(width=0),
    "a side beyond SQLite": lambda told: told["head"]["facts"].update(height=10**30),
    "a length that is not a number": lambda told: told["head"].update(seen_seconds="NaN"),
    "an endless film": lambda told: told["head"].update(seen_seconds=1e300),
    "a codec of a million letters": lambda told: told["head"]["facts"].update(codec="x" * 10**6),
    "an unknown field": lambda told: told.update(sql="DROP TABLE files"),
    "another kind": lambda told: told.update(kind="pickle"),
    "edges that are no hash": lambda told: told.update(edges="../../etc/passwd"),
    "a body that is no base64": lambda told: told.update(body="%%%"),
    "a body that is not packed": lambda told: told.update(body="AAAA"),
    "a bomb": lambda told: told.update(
        body=base64.b64encode(zlib.compress(bytes(100 << 20))).decode()
    ),
    "a body cut short": _body(lambda plain: plain[:-1]),
    "times that go back": _body(lambda plain: b"\xff" * 64 + plain[64:]),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_a_hostile_line_is_counted_and_does_nothing(
    how: str, line: str, video: Path, tmp_path: Path, open_bench: OpenBench
) -> None:
    (tmp_path / "film.mp4").write_bytes(video.read_bytes())
    told = json.loads(line)
    HOSTILE[how](told)
    bench = open_bench(tmp_path)

    assert imported(bench, [json.dumps(told), line]) == {NONSENSE: 1, IMPORTED: 1}


@pytest.mark.parametrize(
    "text",
    [b"", b"\xff\xfe", b"[]", b"null", b"{", b"[" * 100_000, b'{"kind":1}', b" " * (17 << 20)],
)
def test_what_is_no_line_is_told_as_such(text: bytes) -> None:
    with pytest.raises(NonsenseError):
        read_line(text)


def test_another_recipe_is_refused_before_anything_is_read() -> None:
    with pytest.raises(ValueError, match="asked for"):
        sign_file("/no/such/file", SigningRecipe(recipe="dct99"))


def test_a_line_holds_the_signature_bit_for_bit(line: str, video: Path) -> None:
    told, made = read_line(line.encode()), sign(str(video))
    assert isinstance(told, SignedLine)
    assert (told.signature().hashes == made.hashes).all()
    assert told.signature().facts == made.facts
