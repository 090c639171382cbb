"""What signing a film costs, beside what merely decoding it would.

    python tests/benchmarks/signing_cost.py FOLDER [--json]

Takes, in CPU seconds of one thread, for every video below FOLDER: a bare loop over its keyframes,
a full decode, a signature, and a signature with embeddings. Films of five minutes and more are held
against their keyframes, shorter ones against their full decode; the share is of the sums.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import av

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
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    copy_model()  # loaded once a process, so not a cost of any file
    endings = {f".{ending}" for ending in Settings().extensions}
    paths = sorted(p for p in given.folder.rglob("*") if p.suffix.lower() in endings)
    costs = [cost for path in paths if (cost := measure(path, given.folder)) is not None]
    short = [cost for cost in costs if cost.seconds < LONG_SECONDS]
    long = [cost for cost in costs if cost.seconds >= LONG_SECONDS]
    if given.json:
        print(json.dumps([asdict(cost) for cost in costs], indent=1))
        return 0
    print(line("five minutes and more", long, "keyframes"))
    print(line("shorter", short, "decoded"))
    for codec in sorted({cost.codec for cost in short}):
        print(line(f"  {codec}", [cost for cost in short if cost.codec == codec], "decoded"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
