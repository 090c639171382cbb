"""Which step of signing takes how much: CPU seconds of one thread, summed over some videos."""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import ParamSpec, TypeVar
from unittest.mock import patch

from autodedup.engine.errors import FileError
from autodedup.engine.media import software
from autodedup.engine.signature import sign as signing

# Step -> where the function stands that does it, and its name there.
_STEPS = {
    "opening and the first picture": (signing, "probe"),
    "looking": (software.SoftwareSource, "look"),
    "scaling what is kept": (software._Film, "_keep"),
    "bars": (signing, "stretches"),
    "cosine transform": (signing, "coefficients"),
    "wavelet hashes": (signing, "whashes"),
    "embedding": (signing, "embed"),
}
P = ParamSpec("P")
T = TypeVar("T")


def steps_of(paths: Iterable[Path]) -> list[tuple[str, float]]:
    """Sign videos with embeddings and return what each step took; scaling is taken off looking."""
    took: Counter[str] = Counter()

    def timed(step: str, work: Callable[P, T]) -> Callable[P, T]:
        def run(*given: P.args, **named: P.kwargs) -> T:
            started = time.process_time()
            try:
                return work(*given, **named)
            finally:
                took[step] += time.process_time() - started

        return run

    with ExitStack() as patches:
        for step, (place, name) in _STEPS.items():
            patches.enter_context(patch.object(place, name, timed(step, getattr(place, name))))
        for path in paths:
            try:
                signing.sign(str(path), embedded=True)
            except FileError:
                continue
    took["looking"] -= took["scaling what is kept"]
    return [(step, took[step]) for step in _STEPS]
