"""Preflight: every check, what decodes here, what lies in the library, what the state holds."""

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from autodedup.engine.errors import AutoDedupError, PathNotFoundError
from autodedup.engine.gpu.state import gpu_state
from autodedup.engine.media.formats import video_codecs
from autodedup.engine.media.walk import Found, walk
from autodedup.engine.names import shown
from autodedup.engine.opening import is_folder, is_there
from autodedup.engine.preflight import checks
from autodedup.engine.roots import Place, Root, Roots, canonical_roots
from autodedup.engine.semantic.state import meaning_state
from autodedup.engine.settings import Settings
from autodedup.engine.signature.copy import copy_state
from autodedup.engine.store import files, leases
from autodedup.engine.store.database import Database, migrations
from autodedup.engine.store.journal import open_entries
from autodedup.schemas.preflight import (
    Check,
    DatabaseState,
    EngineState,
    LibraryState,
    ModelState,
    PreflightAnswer,
    PreflightArguments,
)


def preflight(settings: Settings, db_path: Path, arguments: PreflightArguments) -> PreflightAnswer:
    """Look at everything that could stop the job.

    Raises:
        NoRootsError: There is no root.
        PathNotFoundError: A path of the arguments is not there.
        PathOutsideRootsError: A path of the arguments leads out of the library.
    """
    folders = canonical_roots(settings.root)
    places = _places(folders, arguments.paths)
    codecs = video_codecs()
    library = _library(places, settings, folders[0])
    state, state_checks = _state(db_path, settings)
    gpu = gpu_state(settings)
    copies, means = copy_state(), meaning_state(settings)
    made = [
        *(checks.root_check(folder) for folder in folders),
        checks.protect_check(settings, folders),
        checks.state_place_check(db_path, settings),
        *state_checks,
        checks.sqlite_vec_check(),
        checks.free_space_check(db_path.parent, settings, "free_space"),
        *(checks.trash_check(folder) for folder in folders if os.access(folder, os.X_OK)),
        checks.decoder_check(codecs),
        checks.gpu_check(gpu, settings),
        checks.model_check(copies),
    ]
    return PreflightAnswer(
        ready=not any(check.status == "fail" for check in made),
        checks=tuple(made),
        engine=EngineState(
            decoder="nvdec" if gpu.usable else "pyav",
            why=f"{gpu.why[0].upper()}{gpu.why[1:]}.",
            device="cuda" if gpu.usable else "cpu",
            codecs=tuple(c for c in codecs if c in _WORTH_NAMING),
            copy_detection=ModelState(
                available=copies.recipe is not None, model=copies.model, why=copies.why
            ),
            semantic=ModelState(available=means.error is None, model=means.model, why=means.why),
        ),
        library=library,
        state=state,
        base=shown(os.fspath(folders[0])),
    )


_WORTH_NAMING = frozenset(
    {"h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mpeg2video", "mjpeg", "wmv3", "vc1", "theora",
     "prores", "flv1", "h263", "msmpeg4v3", "dvvideo", "cinepak"}
)  # fmt: skip


def _places(folders: Sequence[Path], paths: Sequence[str] | None) -> list[Place]:
    roots = Roots([Root(number, folder) for number, folder in enumerate(folders)])
    if paths is None:
        return [Place(root, "") for root in roots.all]
    return [roots.locate(path) for path in paths]


def _library(places: Sequence[Place], settings: Settings, base: Path) -> LibraryState:
    number, total = 0, 0
    extensions: Counter[str] = Counter()
    for place in places:
        try:
            for found in walk(place.root.path, place.relative, extensions=settings.extensions):
                if isinstance(found, Found):
                    number, total = number + 1, total + found.size
                    extensions[found.path.rpartition(".")[2].lower()] += 1
        except PathNotFoundError:
            continue  # the root's own check says so
    free = shutil.disk_usage(base).free if is_folder(base) else 0
    by_extension = dict(sorted(extensions.items(), key=lambda item: (-item[1], item[0])))
    return LibraryState(files=number, bytes=total, by_extension=by_extension, free_bytes=free)


def _state(db_path: Path, settings: Settings) -> tuple[DatabaseState, list[Check]]:
    where = shown(os.fspath(db_path))
    if not is_there(db_path):
        fresh = DatabaseState(
            db=where, schema_version=len(migrations()), by_status={}, unfinished_apply=False
        )
        return fresh, [Check(name="state", status="pass", detail="New: nothing is ingested yet.")]
    try:
        db = Database(db_path, busy_timeout_s=settings.busy_timeout_s, read_only=True)
        try:
            return _opened_state(db, where)
        finally:
            db.close()
    except AutoDedupError as error:
        broken = DatabaseState(db=where, schema_version=0, by_status={}, unfinished_apply=False)
        return broken, [Check(name="state", status="fail", detail=error.message, fix=error.hint)]


def _opened_state(db: Database, where: str) -> tuple[DatabaseState, list[Check]]:
    found = db.quick_check()
    version = db.schema_version()
    whole = found == "ok"
    unfinished = bool(open_entries(db))
    at_work = leases.holder(db)
    state = DatabaseState(
        db=where,
        schema_version=version,
        by_status=files.by_status(db),
        unfinished_apply=unfinished,
    )
    made = [
        Check(
            name="state",
            status="pass" if whole else "fail",
            detail=f"Schema version {version}, whole." if whole else f"Damaged: {shown(found)}.",
            fix=None if whole else "Move the database away and ingest again.",
        ),
        Check(
            name="unfinished_apply",
            status="fail" if unfinished and at_work is None else "pass",
            detail="An apply was interrupted." if unfinished else "No apply is unfinished.",
            fix="Call apply_plan or undo_plan: it recovers first." if unfinished else None,
        ),
    ]
    if at_work is not None:
        made.append(
            Check(
                name="lease",
                status="warn",
                detail=f"Another {at_work} is at work on this library.",
                fix="Wait until it has ended.",
            )
        )
    return state, made
