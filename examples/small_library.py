"""Make the few small films that the examples try themselves out on.

python small_library.py FOLDER            # a film, its exact copy, a smaller encode, another film
python small_library.py FOLDER --inbox    # a clip cut out of that film, and one of no other film
"""

import shutil
import sys
from pathlib import Path

from autodedup.engine.footage.encode import VP9, encode
from autodedup.engine.footage.film import cut_out, render_film


def make_library(folder: Path) -> None:
    """Write `film.mp4`, `film (1).mp4`, `film.webm` and `other.mp4`."""
    folder.mkdir(parents=True, exist_ok=True)
    film = render_film(31, seconds=8, fps=12)
    encode(film, folder / "film.mp4")
    shutil.copyfile(folder / "film.mp4", folder / "film (1).mp4")
    encode(film, folder / "film.webm", VP9)
    encode(render_film(32, seconds=6, fps=12), folder / "other.mp4")


def make_inbox(folder: Path) -> None:
    """Write `clip.mp4`, four seconds out of the film, and `stranger.mp4`."""
    folder.mkdir(parents=True, exist_ok=True)
    encode(cut_out(render_film(31, seconds=8, fps=12), 2, 7), folder / "clip.mp4")
    encode(render_film(33, seconds=5, fps=12), folder / "stranger.mp4")


if __name__ == "__main__":
    make = make_inbox if "--inbox" in sys.argv else make_library
    make(Path(sys.argv[1]))
