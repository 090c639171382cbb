"""What signing a film costs, beside what merely decoding it would.

    python tests/benchmarks/signing_cost.py [FOLDER] [--json] [--films CACHE] [--where]

Takes, in CPU seconds of one thread, for every video below FOLDER: a bare loop over its keyframes,
a full decode, a signature, and a signature with embeddings. Films of five minutes and more are held
against their keyframes, shorter ones against their full decode; the share is of the sums.

With --films, also three films that it makes itself and keeps below CACHE (eight GB, a few
minutes): one shot of a minute, ten minutes and two hours of cuts. With --where, what the steps of
signing take, as shares of the decode of FOLDER.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import av
from signing_films import ONE_MINUTE_TAKE, TEN_MINUTES, TWO_HOURS, LongFilm, made
from signing_steps import steps_of

from autodedup.engine.errors import FileError
from autodedup.engine.settings import Settings
from autodedup.engine.signature.copy import copy_model
from autodedup.engine.signature.sign import sign

LONG_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of one file."""

    file: str
    seconds: float
    codec: str
    keyframes: float
    decoded: float
    signed: float
    embedded: float


def bare(path: Path, *, keyframes: bool) -> None:
    """Decode a file in one thread and look at nothing."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        if keyframes:
            stream.codec_context.skip_frame = "NONKEY"
        for packet in container.demux(stream):
            try:
                packet.decode()
            except av.error.FFmpegError:
                continue


def cpu(work: Callable[[], object]) -> float:
    """Return the CPU seconds that some work takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def measure(path: Path, folder: Path) -> Cost | None:
    """Return what one file costs, None where it cannot be signed."""
    try:
        signature = sign(str(path))
    except FileError:
        return None
    return Cost(
        file=path.relative_to(folder).as_posix(),
        seconds=round(signature.seen_seconds, 2),
        codec=signature.facts.codec,
        keyframes=cpu(lambda: bare(path, keyframes=True)),
        decoded=cpu(lambda: bare(path, keyframes=False)),
        signed=cpu(lambda: sign(str(path))),
        embedded=cpu(lambda: sign(str(path), embedded=True)),
    )


def measure_film(film: LongFilm, cache: Path) -> Cost:
    """Return what a film costs that is made here, and what it is held against."""
    path = made(film, cache)
    long = film is TEN_MINUTES
    short = film is ONE_MINUTE_TAKE
    return Cost(
        file=film.name,
        seconds=film.seconds,
        codec="h264",
        keyframes=cpu(lambda: bare(path, keyframes=True)) if long else 0.0,
        decoded=cpu(lambda: bare(path, keyframes=False)) if short else 0.0,
        signed=cpu(lambda: sign(str(path))),
        embedded=cpu(lambda: sign(str(path), embedded=True)),
    )


def films_report(cache: Path) -> list[str]:
    """Return the lines about the films that are made here."""
    minute, ten, hours = (measure_film(f, cache) for f in (ONE_MINUTE_TAKE, TEN_MINUTES, TWO_HOURS))
    signed, embedded = hours.signed / ten.signed, hours.embedded / ten.embedded
    return [
        line(minute.file, [minute], "decoded"),
        line(ten.file, [ten], "keyframes"),
        f"two hours to ten minutes: signed {signed:.2f} x, with embeddings {embedded:.2f} x",
    ]


def line(name: str, costs: list[Cost], against: str) -> str:
    """Return one line of the report."""
    base = sum(getattr(cost, against) for cost in costs)
    if not costs or not base:
        return f"{name:<24} none"
    signed, embedded = (sum(getattr(c, what) for c in costs) for what in ("signed", "embedded"))
    return (
        f"{name:<24} {len(costs):>4} files, {base:7.2f} s {against}; "
        f"signed {signed / base:5.2f} x, with embeddings {embedded / base:5.2f} x"
    )


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--films", type=Path, metavar="CACHE")
    parser.add_argument("--where", action="store_true")
    given = parser.parse_args()
    if given.folder is None and given.films is None:
        parser.error("name a folder of videos, or --films and a folder to keep them in")
    copy_model()  # loaded once a process, so not a cost of any file
    if given.films is not None:
        print("\n".join(films_report(given.films)), flush=True)
    if given.folder is not None:
        report(given.folder, as_json=given.json, where=given.where)
    return 0


def report(folder: Path, *, as_json: bool, where: bool) -> None:
    """Measure the videos of a folder and print what was found."""
    endings = {f".{ending}" for ending in Settings().extensions}
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in endings)
    costs = [cost for path in paths if (cost := measure(path, folder)) is not None]
    short = [cost for cost in costs if cost.seconds < LONG_SECONDS]
    long = [cost for cost in costs if cost.seconds >= LONG_SECONDS]
    if as_json:
        print(json.dumps([asdict(cost) for cost in costs], indent=1))
        return
    print(line("five minutes and more", long, "keyframes"))
    print(line("shorter", short, "decoded"))
    for codec in sorted({cost.codec for cost in short}):
        print(line(f"  {codec}", [cost for cost in short if cost.codec == codec], "decoded"))
    if where:
        decoded = sum(cost.decoded for cost in costs)
        print(*(f"{step} {seconds / decoded:.3f} x" for step, seconds in steps_of(paths)), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
