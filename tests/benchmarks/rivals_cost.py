"""What signing a film costs, beside what vpdq and videohash take for the same film.

    python tests/benchmarks/rivals_cost.py --films CACHE --rivals PYTHON

Signs the minute of one shot and the ten minutes of cuts of `signing_cost.py`, which are made below
CACHE, each tool in a process of its own and on one thread. PYTHON is one of an environment in which
`pip install vpdq videohash` was done (vpdq is built, and needs FFmpeg's headers). Prints the
seconds of CPU, programs that a tool starts included, without imports and models that are loaded
once, and exits with 1 where ours is more than the shares aimed at.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from signing_films import ONE_MINUTE_TAKE, TEN_MINUTES, LongFilm, made

_TIMED = """
import os, sys
before = sum(os.times()[:4])
{call}
print(sum(os.times()[:4]) - before)
"""
_OURS = """
from autodedup.engine.signature.copy import copy_model
from autodedup.engine.signature.sign import sign
copy_model()
""" + _TIMED.format(call="sign(sys.argv[1], embedded=True)")
_RIVALS = {
    "vpdq": "import vpdq"
    + _TIMED.format(call="vpdq.computeHash(sys.argv[1], seconds_per_hash=1.0, thread_count=1)"),
    # It was written for a Pillow that had this name.
    "videohash": "import PIL.Image; PIL.Image.ANTIALIAS = PIL.Image.LANCZOS\n"
    "from videohash import VideoHash" + _TIMED.format(call="VideoHash(path=sys.argv[1])"),
}
# What ours may cost at most, as a share of the rival's.
_AIMED: tuple[tuple[LongFilm, str, float], ...] = (
    (TEN_MINUTES, "vpdq", 1 / 8),
    (TEN_MINUTES, "videohash", 1 / 15),
    (ONE_MINUTE_TAKE, "vpdq", 1 / 2),
)


def cpu_seconds(python: str, code: str, film: Path) -> float:
    """Run some code on a film in a fresh process; return what it prints last."""
    done = subprocess.run(
        [python, "-c", code, str(film)], check=True, stdout=subprocess.PIPE, text=True
    )
    return float(done.stdout.split()[-1])


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=Path, metavar="CACHE", required=True)
    parser.add_argument("--rivals", metavar="PYTHON", required=True)
    given = parser.parse_args()
    met = True
    for film in (ONE_MINUTE_TAKE, TEN_MINUTES):
        path = made(film, given.films)
        ours = cpu_seconds(sys.executable, _OURS, path)
        for rival, code in _RIVALS.items():
            its = cpu_seconds(given.rivals, code, path)
            least = next((s for f, r, s in _AIMED if (f, r) == (film, rival)), None)
            met &= least is None or ours <= least * its
            aim = "" if least is None else f" (aim: 1/{1 / least:.0f})"
            print(f"{film.name}: ours {ours:.1f} s, {rival} {its:.1f} s, 1/{its / ours:.1f}{aim}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
