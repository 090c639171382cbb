"""Does one of two films that show the same show another film as well, in a part of its picture?

A logo, subtitles or a border are edits of a film. Another film over a considerable part of it is
not: a talk about a film is no copy of it, and neither may be let go for the other. Nor may a film
for one in which it is only an inset. The windows of the embeddings tell.
"""

from autodedup.engine.embedding.shapes import FULL
from autodedup.engine.match.beside import rows_beside
from autodedup.engine.match.laid_over import is_laid_over
from autodedup.engine.match.model import Clip, Segment
from autodedup.engine.match.set_into import is_set_into_another
from autodedup.engine.match.sights import ViewPair


def shows_another(
    pair: tuple[Clip, Clip], segments: tuple[Segment, ...], views: ViewPair | None
) -> bool:
    """Say whether one of two films is a composite: of the other, and of a film besides.

    Args:
        pair: The films, a and b.
        segments: The seconds that they share.
        views: Those of the embeddings in which the two were seen to be alike, or that show what
            the hashes compared; None where none does.

    Returns:
        False where nothing tells: too few frames that are embedded, a still picture, no cuts.
    """
    a, b = (clip.embeddings for clip in pair)
    if views is None or a is None or b is None or a.recipe != b.recipe:
        return False
    if views == ViewPair(FULL, FULL):
        return is_laid_over(*rows_beside(pair, segments))
    return is_set_into_another(pair, segments, views)
