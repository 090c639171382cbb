"""The checks, one function each: what could stop the job, and how to mend it; none writes."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from autodedup.engine.errors import AutoDedupError
from autodedup.engine.gpu.state import GpuState
from autodedup.engine.managed import TRASH
from autodedup.engine.names import shown
from autodedup.engine.opening import check_root, is_folder, is_there, writable_folder
from autodedup.engine.roots import canonical_protected
from autodedup.engine.settings import Settings
from autodedup.engine.signature.copy import CopyState
from autodedup.schemas.preflight import Check


def root_check(folder: Path) -> Check:
    """The root is a folder that can be read."""
    where = shown(os.fspath(folder))
    try:
        check_root(folder)
    except AutoDedupError as error:
        return Check(name="root", status="fail", detail=error.message, fix=error.hint)
    if not os.access(folder, os.W_OK):
        return Check(
            name="root",
            status="warn",
            detail=f"{where} can be read but not written: plans cannot be applied there.",
            fix="Give the server's user the right to write, if plans are to be applied.",
        )
    return Check(name="root", status="pass", detail=f"{where} can be read and written.")


def protect_check(settings: Settings, folders: Sequence[Path]) -> Check:
    """Every protected folder is there and inside the library: a typo must not protect nothing."""
    try:
        protected = canonical_protected(settings.protect, folders)
    except AutoDedupError as error:
        return Check(name="protect", status="fail", detail=error.message, fix=error.hint)
    return Check(name="protect", status="pass", detail=f"{len(protected)} folders are protected.")


def state_place_check(db_path: Path, settings: Settings) -> Check:
    """The state database can be written, or made."""
    where = shown(os.fspath(db_path))
    if settings.db is None and not is_folder(db_path.parent.parent):
        return Check(
            name="state_writable",
            status="fail",
            detail=f"{where} has no place: the first root is not there, or is closed to us.",
            fix="Mount the disk, or correct --root in the client's configuration.",
        )
    if is_there(db_path):
        if os.access(db_path, os.R_OK | os.W_OK) and os.access(db_path.parent, os.W_OK):
            return Check(name="state_writable", status="pass", detail=f"{where} can be written.")
    elif writable_folder(db_path) is not None:
        return Check(name="state_writable", status="pass", detail=f"{where} will be made.")
    return Check(
        name="state_writable",
        status="warn" if settings.read_only and is_there(db_path) else "fail",
        detail=f"{where} cannot be written.",
        fix="Start the server with --db pointing at a file in a writable folder.",
    )


def sqlite_vec_check() -> Check:
    """The vector extension loads."""
    import apsw
    import sqlite_vec

    connection = apsw.Connection(":memory:")
    try:
        connection.enable_load_extension(True)  # noqa: FBT003  # apsw takes it by position only
        connection.load_extension(sqlite_vec.loadable_path())
        row = connection.execute("SELECT vec_version()").fetchone()
    except apsw.Error as error:
        return Check(
            name="sqlite_vec",
            status="fail",
            detail=f"sqlite-vec does not load: {error}.",
            fix="Reinstall it: pip install --force-reinstall sqlite-vec apsw",
        )
    finally:
        connection.close()
    return Check(
        name="sqlite_vec",
        status="pass",
        detail=f"sqlite-vec {row[0] if row else '?'} on SQLite {apsw.sqlite_lib_version()}.",
    )


def free_space_check(folder: Path, settings: Settings, name: str) -> Check:
    """There is room for the state and for copies across filesystems."""
    existing = next(p for p in (folder, *folder.parents) if is_there(p))
    free = shutil.disk_usage(existing).free
    enough = free >= settings.min_free_bytes
    return Check(
        name=name,
        status="pass" if enough else "fail",
        detail=f"{free:,} bytes are free at {shown(os.fspath(folder))}; "
        f"{settings.min_free_bytes:,} are asked for.",
        fix=None if enough else "Free disk space, or lower --min-free-bytes.",
    )


def trash_check(folder: Path) -> Check:
    """The trash is on the root's own filesystem, so that moving there is a rename."""
    trash = folder / TRASH
    same = not is_there(trash) or trash.lstat().st_dev == folder.stat().st_dev
    if trash.is_symlink() or (is_there(trash) and not is_folder(trash)):
        return Check(
            name="trash",
            status="fail",
            detail=f"{TRASH} in {shown(os.fspath(folder))} is not a folder.",
            fix=f"Rename what is called {TRASH} there.",
        )
    return Check(
        name="trash",
        status="pass" if same else "warn",
        detail=f"The trash of {shown(os.fspath(folder))} is "
        + ("on the same filesystem." if same else "on another filesystem: moves become copies."),
        fix=None if same else f"Unmount what is mounted at {TRASH}.",
    )


def decoder_check(codecs: tuple[str, ...]) -> Check:
    """The codecs that libraries are made of can be decoded."""
    wanted = ("h264", "hevc", "vp9", "av1", "mpeg4", "mpeg2video")
    lacking = [codec for codec in wanted if codec not in codecs]
    return Check(
        name="decoders",
        status="warn" if lacking else "pass",
        detail=f"No decoder for {', '.join(lacking)}." if lacking else f"{', '.join(wanted)}.",
        fix="Install the official av wheel: pip install --force-reinstall av" if lacking else None,
    )


def gpu_check(gpu: GpuState, settings: Settings) -> Check:
    """A GPU is used where there is one; none is needed, but one that was asked for has to work."""
    if settings.device == "cuda" and not gpu.usable:
        return Check(
            name="gpu",
            status="warn",
            detail=f"--device cuda was asked for: {gpu.why}. The CPU decodes.",
            fix="pip install 'autodedup[gpu]' and NVIDIA's driver, or start with --device auto.",
        )
    share = f" Up to {settings.gpu_memory_share:.0%} of its memory is used." if gpu.usable else ""
    return Check(name="gpu", status="pass", detail=f"{gpu.why[0].upper()}{gpu.why[1:]}.{share}")


def model_check(state: CopyState) -> Check:
    """The copy model runs; without it the other tiers do the work."""
    if state.recipe is not None:
        return Check(name="model", status="pass", detail=f"copy: {state.why}")
    return Check(
        name="model",
        status="warn",
        detail=f"copy: {state.why} Ingest leaves this tier out.",
        fix="Install autodedup again, with onnxruntime for this platform.",
    )
