"""Signing outside of any server: a function of a file and a recipe, and a whole folder by it.

`sign_file` needs no state and can be sent to other processes or machines as it is; what it returns
is a line for `autodedup import`.
"""

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autodedup.engine.errors import FileError
from autodedup.engine.media.reading import Seen
from autodedup.engine.media.walk import Found, walk
from autodedup.engine.names import shown
from autodedup.engine.portable.line import Line, RefusedLine, signed_line
from autodedup.engine.signature.digests import edge_hash
from autodedup.engine.signature.recipe import RECIPE
from autodedup.engine.signature.sign import sign
from autodedup.engine.workers.pool import WorkerPool
from autodedup.engine.workers.tasks import Failed, SignTask


@dataclass(frozen=True, slots=True)
class SigningRecipe:
    """What is to be computed. A machine whose code computes something else refuses."""

    recipe: str = RECIPE
    embedded: bool = True


def sign_file(path: str, recipe: SigningRecipe) -> str:
    """Return the line for one file: a function of its bytes and the recipe alone.

    Raises:
        ValueError: This machine's recipe is another.
    """
    if recipe.recipe != RECIPE:
        raise ValueError(f"asked for {recipe.recipe!r}, but this AutoDedup computes {RECIPE!r}")
    try:
        status = os.lstat(path)
        seen = Seen.of(status)
        edges = edge_hash(path, size=seen.size, mtime_ns=seen.mtime_ns)
        signature = sign(path, seen, embedded=recipe.embedded)
    except FileNotFoundError:
        return _told(_refused(path, FileError("FILE_VANISHED", "The file is gone.")))
    except FileError as error:
        return _told(_refused(path, error))
    return _told(signed_line(shown(path), seen.size, edges, signature))


def sign_folder(
    folder: Path,
    recipe: SigningRecipe,
    pool: WorkerPool,
    *,
    extensions: tuple[str, ...],
    stop: threading.Event,
) -> Iterator[str]:
    """Yield a line for every video in a folder, as it comes; a bad file costs itself only.

    Raises:
        PathNotFoundError: The folder cannot be read.
        InternalFaultError: No worker can be started here.
    """
    found = [one for one in walk(folder, "", extensions=extensions) if isinstance(one, Found)]
    edges: dict[int, bytes] = {}
    refused: list[RefusedLine] = []

    def tasks() -> Iterator[SignTask]:
        for number, one in enumerate(found):
            path = os.fspath(folder / one.path)
            try:
                edges[number] = edge_hash(path, size=one.size, mtime_ns=one.mtime_ns)
            except FileError as error:
                refused.append(_refused(one.path, error))
                continue
            yield SignTask(
                key=number,
                path=path,
                expected=Seen(one.size, one.mtime_ns),
                embedded=recipe.embedded,
            )

    for outcome in pool.run(tasks(), stop):
        one = found[outcome.task.key]
        if isinstance(outcome, Failed):
            yield _told(_refused(one.path, outcome.error))
        else:
            ends = edges[outcome.task.key]
            yield _told(signed_line(shown(one.path), one.size, ends, outcome.value))
    yield from map(_told, refused)


def _refused(path: str, error: FileError) -> RefusedLine:
    return RefusedLine(path=shown(path), code=error.code, detail=error.detail[:1000])


def _told(line: Line) -> str:
    return line.model_dump_json()
