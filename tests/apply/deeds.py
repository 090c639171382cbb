"""What another program may do to the library while we are at work in it; none destroys contents."""

from collections.abc import Callable
from pathlib import Path

from apply.library import Library

NEWCOMER = b"a newcomer that came in the middle of the step"
Deed = Callable[[Library, str], None]


def replace_victim(library: Library, step: str) -> None:
    """Move the file aside and put a newcomer under its name."""
    _replace(library.root / f"d/{step}.mp4")


def replace_keeper(library: Library, step: str) -> None:
    _replace(library.root / f"keep/{step}.mp4")


def edit_keeper(library: Library, step: str) -> None:
    """Add to the copy that stays; what it held before is no longer there alone."""
    with (library.root / f"keep/{step}.mp4").open("ab") as file:
        file.write(b"!")


def take_target(library: Library, step: str) -> None:
    """Put a newcomer where the file is about to go."""
    for path in ("__TRASH_BIN__/d", "__QUARANTINE__/d", "Organized/SD_480p"):
        place = library.root / path / f"{step}.mp4"
        if place.parent.is_dir() and not place.exists():
            place.write_bytes(NEWCOMER)


def replace_arrived(library: Library, step: str) -> None:
    """Move aside what has arrived in the trash and put a newcomer under its name."""
    for path in ("__TRASH_BIN__/d", "__QUARANTINE__/d", "Organized/SD_480p"):
        _replace(library.root / path / f"{step}.mp4")


def move_folder_out(library: Library, step: str) -> None:
    """Move the file's folder out of the library and leave a link to it."""
    _swap_for_link(library.root / "d", library.outside / "moved out")


def swap_folder_for_link(library: Library, step: str) -> None:
    """Put the folder aside and a link to a folder outside, with the same names, in its place."""
    decoy = library.outside / "decoy"
    if (library.root / "d").is_symlink() or not (library.root / "d").exists():
        return
    (library.root / "d").rename(library.root / "d aside")
    (library.root / "d").symlink_to(decoy)


def move_shelf_out(library: Library, step: str) -> None:
    """Move the trash out of the library and leave a link to it."""
    for name in ("__TRASH_BIN__", "__QUARANTINE__", "Organized"):
        _swap_for_link(library.root / name, library.outside / f"moved {name}")


DEEDS: dict[str, Deed] = {
    deed.__name__: deed
    for deed in (
        replace_victim,
        replace_keeper,
        edit_keeper,
        take_target,
        replace_arrived,
        move_folder_out,
        swap_folder_for_link,
        move_shelf_out,
    )
}


def _replace(path: Path) -> None:
    if path.is_file() and not path.is_symlink():
        path.rename(path.with_name(f"aside {path.name}"))
        path.write_bytes(NEWCOMER)


def _swap_for_link(path: Path, away: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        path.rename(away)
        path.symlink_to(away)
