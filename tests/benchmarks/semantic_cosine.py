"""Where --semantic-cosine lies for one library and one model, read off its copies and strangers.

    python tests/benchmarks/semantic_cosine.py /videos [--db PATH]

The library has been ingested with the semantic tier, and find_duplicates was called on it. Copies
are the pairs of which the hash is sure (near, and as long as each other); strangers are pairs that
nothing links. The likeness is that of the search: the mean cosine of every frame with the frame of
the other film that is most like it. Nothing is written.
"""

import argparse
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.finding.basis import basis_of, thresholds_of
from autodedup.engine.match.meaning import _likeness
from autodedup.engine.opening import open_library
from autodedup.engine.settings import Settings
from autodedup.engine.store import meanings, pairs

MOST_STRANGERS = 20_000  # pairs, drawn from all
FALSE_SHARE = 0.001  # of strangers that may mean the same


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("--db", type=Path)
    asked = parser.parse_args()
    settings = Settings(root=(asked.library,), read_only=True)
    database = asked.db or asked.library / ".autodedup" / "state.db"
    db, _ = open_library(settings, database)
    meant = meanings.all_of(db)
    linked = pairs.load(db, basis_of(thresholds_of(settings, "balanced")))
    copies = {(match.a, match.b) for match in linked if match.relation == "near"}
    related = {frozenset((match.a, match.b)) for match in linked}
    strangers = [two for two in combinations(sorted(meant), 2) if frozenset(two) not in related]
    drawn = np.random.default_rng(1).permutation(len(strangers))[:MOST_STRANGERS]

    def likeness(one: int, other: int) -> float | None:
        a, b = meant.get(one), meant.get(other)
        if a is None or b is None or a.recipe != b.recipe:
            return None
        return _likeness(a.rows @ b.rows.T)[0]

    alike = told("copies", [likeness(*two) for two in copies])
    apart = told("strangers", [likeness(*strangers[place]) for place in drawn.tolist()])
    if len(alike) and len(apart):
        least = float(np.quantile(apart, 1 - FALSE_SHARE))
        kept = float((alike >= least).mean())
        print(f"\n--semantic-cosine {least:.2f}: above {1 - FALSE_SHARE:.1%} of the strangers;")
        print(f"{kept:.0%} of the copies lie above it.")


def told(name: str, found: list[float | None]) -> NDArray[np.float64]:
    values = np.array([one for one in found if one is not None], dtype=np.float64)
    print(f"{len(values)} pairs of {name}", end="")
    if len(values):
        shares = (0.001, 0.01, 0.5, 0.99, 0.999)
        cuts = np.quantile(values, shares)
        print(":", ", ".join(f"{s:.1%} {cut:.3f}" for s, cut in zip(shares, cuts, strict=True)))
    else:
        print()
    return values


if __name__ == "__main__":
    main()
