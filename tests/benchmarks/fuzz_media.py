"""Does any file, however damaged, end or stop the server?

    python tests/benchmarks/fuzz_media.py --files 5000 [--corpus DIR] [--seed 1] [--keep DIR]

Damages generated films in every container we write, and those of a corpus, and ingests them in
rounds through the same door as the server does. Prints the counts as JSON. Exits with 1 if a call
failed, a round outlived its patience, a file went without an outcome, or an outcome says that the
server itself is at fault; the files that crashed or stalled a worker are kept.
"""

import argparse
import faulthandler
import json
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from damage import DAMAGES

from autodedup.engine.caller import Caller
from autodedup.engine.footage.encode import H264, HEVC, MPEG2, MPEG4_AVI, VP9, Encoding, encode
from autodedup.engine.footage.film import render_film
from autodedup.engine.settings import VIDEO_EXTENSIONS, Settings
from autodedup.engine.workbench import Workbench
from autodedup.schemas.find_duplicates import FindArguments
from autodedup.schemas.ingest import IngestArguments

ROUND = 100  # files that are ingested together
TIMEOUT_S = 10.0
PATIENCE_S = 3600.0  # of one round: past it the server hangs
LARGEST_SEED_BYTES = 2 << 20
WORTH_KEEPING = ("DECODER_CRASHED", "DECODE_TIMEOUT")
PATIENT = Caller(lambda _progress: None, waits_to_the_end=True)
CONTAINERS: tuple[Encoding, ...] = (
    H264,
    replace(HEVC, suffix=".mp4"),
    replace(H264, suffix=".mkv"),
    replace(HEVC, suffix=".mkv"),
    replace(H264, suffix=".mov"),
    replace(H264, suffix=".ts", audio="mp2"),
    replace(H264, suffix=".flv"),
    VP9,
    MPEG4_AVI,
    MPEG2,
    replace(H264, suffix=".264", audio=None),
)

Seed = tuple[str, bytes]  # a file name and the bytes of a sound file


def generated() -> Iterator[Seed]:
    """Yield small films in every container, edited and uncut."""
    with tempfile.TemporaryDirectory() as folder:
        for seed, seconds in ((3, 2.0), (4, 6.0)):
            film = render_film(seed, size=(160, 90), seconds=seconds, fps=12)
            for number, encoding in enumerate(CONTAINERS):
                path = Path(folder) / f"{seed}-{number}{encoding.suffix}"
                encode(film, path, encoding)
                yield path.name, path.read_bytes()


def of_corpus(folder: Path) -> Iterator[Seed]:
    """Yield the small videos of a folder."""
    for path in sorted(folder.rglob("*")):
        known = path.suffix.lower().lstrip(".") in VIDEO_EXTENSIONS
        if known and path.is_file() and 0 < path.stat().st_size <= LARGEST_SEED_BYTES:
            yield path.name, path.read_bytes()


def damaged(seeds: Sequence[Seed], folder: Path, number: int, chance: random.Random) -> None:
    """Write one damaged file."""
    name, data = chance.choice(seeds)
    others = [other for _, other in seeds]
    for damage in chance.choices(DAMAGES, k=chance.choice((1, 1, 2, 3))):
        data = damage(data, others, chance)
    (folder / f"{number:06d}-{name}").write_bytes(data)


class Fuzz:
    """Rounds of damaged files, and what became of them."""

    def __init__(self, seeds: Sequence[Seed], keep: Path | None, chance: random.Random) -> None:
        self._seeds, self._keep, self._chance = seeds, keep, chance
        self.codes: Counter[str] = Counter()
        self.faults: list[str] = []
        self.files = self.signed = 0
        self.longest_round_s = 0.0

    def round(self, home: Path, count: int) -> None:
        """Damage files, ingest them, look for duplicates among them."""
        folder = home / f"round-{self.files}"
        folder.mkdir()
        for number in range(self.files, self.files + count):
            damaged(self._seeds, folder, number, self._chance)
        bench = Workbench(Settings(root=(folder,), workers=1, decode_timeout_s=TIMEOUT_S))
        started = time.monotonic()
        faulthandler.dump_traceback_later(PATIENCE_S, exit=True)
        try:
            asked = IngestArguments(tiers=("exact", "perceptual"))
            answer = bench.ingest(asked, PATIENT)
            self.signed += answer.processed
            self.codes.update(answer.errors_by_code)
            if answer.processed + answer.failed != count or answer.remaining:
                self.faults.append(f"{folder.name}: {count} files, outcomes {answer.wire()}")
            bench.find_duplicates(FindArguments(), PATIENT)
            self._keep_killers(bench, folder)
        except Exception as error:  # noqa: BLE001  # whatever a call raises is what we look for
            self.faults.append(f"{folder.name}: {type(error).__name__}: {error}")
        finally:
            faulthandler.cancel_dump_traceback_later()
            bench.close()
        self.longest_round_s = max(self.longest_round_s, time.monotonic() - started)
        self.files += count
        shutil.rmtree(folder, ignore_errors=True)

    def _keep_killers(self, bench: Workbench, folder: Path) -> None:
        from autodedup.engine.store import files
        from autodedup.engine.store.database import Database

        rows = files.select(Database(bench.db_path, read_only=True), "code IS NOT NULL")
        for row in rows:
            if self._keep is not None and row.code in WORTH_KEEPING:
                self._keep.mkdir(parents=True, exist_ok=True)
                shutil.copy(folder / row.path, self._keep / row.path)


def main() -> int:
    """Fuzz and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="where killers of workers are copied to")
    options = parser.parse_args()
    seeds = list(generated())
    if options.corpus is not None:
        seeds += of_corpus(options.corpus)
    fuzz = Fuzz(seeds, options.keep, random.Random(options.seed))
    with tempfile.TemporaryDirectory() as home:
        while fuzz.files < options.files:
            fuzz.round(Path(home), min(ROUND, options.files - fuzz.files))
            print(f"{fuzz.files} files {dict(fuzz.codes)}", file=sys.stderr, flush=True)
    print(
        json.dumps(
            {
                "files": fuzz.files,
                "seeds": len(seeds),
                "seed": options.seed,
                "signed": fuzz.signed,
                "failed_by_code": dict(fuzz.codes.most_common()),
                "server_faults": fuzz.faults,
                "longest_round_s": round(fuzz.longest_round_s, 1),
                "server_peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
            }
        )
    )
    return 1 if fuzz.faults else 0


if __name__ == "__main__":
    sys.exit(main())
