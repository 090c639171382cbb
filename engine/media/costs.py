"""What looking at a film costs on the CPU and on a GPU, so that each goes where it is done sooner.

A dense film is decoded whole; there a GPU gains. Of a long film only keyframes are wanted, and
between two of them a CPU skips what a GPU's decoder has to be restarted for.
"""

from dataclasses import dataclass, replace

from autodedup.engine.media import moments
from autodedup.engine.media.facts import MediaFacts

# Measured on one core of this project's machine (docs/gpu.md): seconds a megapixel.
CPU_PICTURE_S = 0.0013  # of one picture of a film that is decoded whole, frames skipped included
CPU_KEYFRAME_S = 0.0045  # of one keyframe
_KEYFRAME_EVERY_S = 2.0
_USUAL_RATE = 25.0
_NEWEST = 0.3  # how much the newest measurement counts


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds a megapixel on this machine; None where nothing has been measured yet."""

    cpu_picture_s: float = CPU_PICTURE_S
    cpu_keyframe_s: float = CPU_KEYFRAME_S
    gpu_picture_s: float | None = None
    gpu_keyframe_s: float | None = None

    def cpu_seconds(self, facts: MediaFacts) -> float:
        """Return how long one core takes to look at a film."""
        return work(facts) * (self.cpu_picture_s if is_dense(facts) else self.cpu_keyframe_s)

    def gpu_seconds(self, facts: MediaFacts) -> float | None:
        """Return how long the GPU takes, None if it has not looked at such a film yet."""
        each = self.gpu_picture_s if is_dense(facts) else self.gpu_keyframe_s
        return None if each is None else work(facts) * each

    def measured(self, facts: MediaFacts, seconds: float) -> "Costs":
        """Return the costs after the GPU has looked at a film in so many seconds."""
        each = seconds / work(facts)
        if is_dense(facts):
            return replace(self, gpu_picture_s=_mixed(self.gpu_picture_s, each))
        return replace(self, gpu_keyframe_s=_mixed(self.gpu_keyframe_s, each))


def is_dense(facts: MediaFacts) -> bool:
    """Say whether all of a film is decoded to look at it, as far as its claim goes."""
    return moments.looked_at_densely(facts.duration_seconds)


def work(facts: MediaFacts) -> float:
    """Return the megapixels that have to be decoded: of all pictures, or of the keyframes."""
    seconds = facts.duration_seconds or moments.DENSE_SECONDS / 4
    rate = (facts.frames_per_second or _USUAL_RATE) if is_dense(facts) else 1 / _KEYFRAME_EVERY_S
    return max(1.0, seconds * rate) * facts.width * facts.height / 1e6


def _mixed(old: float | None, new: float) -> float:
    return new if old is None else (1 - _NEWEST) * old + _NEWEST * new
