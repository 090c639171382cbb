"""Why two files are said to show the same: which seconds, how closely, what was undone."""

from typing import Annotated, Literal

from pydantic import Field

from autodedup.schemas.base import Frozen
from autodedup.schemas.vocabulary import Count, Seconds


class Overlap(Frozen):
    """Seconds of the file (`a`) that show the same as seconds of the keeper (`b`)."""

    a: tuple[Seconds, Seconds]
    b: tuple[Seconds, Seconds]
    speed: Annotated[float, Field(gt=0)]


class HashDistance(Frozen):
    """Differing bits between compared frames, of how many bits."""

    mean: float
    worst: float
    of_bits: int
    frames: Count


class Likeness(Frozen):
    """Normalised cosines of the compared frames' embeddings: 1 the same, strangers about 0.3."""

    mean: float
    least: float
    frames: Count


class Evidence(Frozen):
    """What the claim rests on: hashes (`distance`), or where edits hide from them, `likeness`.

    Of the file (`a`) and the keeper (`b`): `cropped` is the one that shows only a part of the
    other's picture, `inset` the one that the other shows within another film.
    """

    overlap: tuple[Overlap, ...] | None = None
    distance: HashDistance | None = None
    likeness: Likeness | None = None
    view: str | None = None
    cropped: Literal["a", "b"] | None = None
    inset: Literal["a", "b"] | None = None
    agrees: tuple[str, ...] | None = None
    differs: tuple[str, ...] | None = None
