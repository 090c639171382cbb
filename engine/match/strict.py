"""The strict profile: what two files that are called near under it have in common."""

import numpy as np

from autodedup.engine.match.model import Clip
from autodedup.engine.match.thresholds import Thresholds


def is_strictly_alike(a: Clip, b: Clip, thresholds: Thresholds) -> bool:
    """Say whether two clips agree in duration, size and the three anchor frames.

    Durations within `strict_seconds`, sizes within `strict_size_ratio` of the larger, and the
    64-bit wavelet hashes at 15 %, 50 % and 85 % within `strict_mean_bits` on average, none
    further than `strict_worst_bits`.
    """
    if abs(a.seconds - b.seconds) > thresholds.strict_seconds:
        return False
    larger = max(a.size_bytes, b.size_bytes)
    if larger - min(a.size_bytes, b.size_bytes) > thresholds.strict_size_ratio * larger:
        return False
    bits = np.bitwise_count(a.anchor_whashes ^ b.anchor_whashes)
    return bool(
        bits.mean() <= thresholds.strict_mean_bits and bits.max() <= thresholds.strict_worst_bits
    )
