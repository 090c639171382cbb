"""Which of several copies to keep, and which rule decided."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from autodedup.engine.match.filenames import NameRank, readability
from autodedup.schemas.vocabulary import KeepRule

KEEP_RULES: tuple[KeepRule, ...] = ("protected", "resolution", "bitrate", "size", "name")

# Bits that H.264 needs for what one bit of the codec shows; rough, and in the codec's favour
# where it is newer: a file is not worse for being better packed.
CODEC_WORTH: dict[str, float] = {
    "h264": 1.0,
    "hevc": 2.0,
    "h265": 2.0,
    "vp9": 2.0,
    "av1": 2.5,
    "vvc": 3.0,
    "vp8": 0.9,
    "mpeg4": 0.6,
    "msmpeg4v3": 0.5,
    "msmpeg4v2": 0.5,
    "wmv3": 0.7,
    "vc1": 0.8,
    "wmv2": 0.5,
    "flv1": 0.5,
    "theora": 0.6,
    "h263": 0.4,
    "mpeg2video": 0.4,
    "mpeg1video": 0.3,
    "mjpeg": 0.2,
    "prores": 0.2,
    "dnxhd": 0.2,
    "dvvideo": 0.2,
}
SAME_BITRATE = 0.9  # within a tenth, two bitrates are no difference
# Where bars end is known to a pixel of a small picture: of a film between bars, areas within this
# are no difference.
SAME_AREA = 0.94


@dataclass(frozen=True, slots=True)
class Picture:
    """How much of a film is seen in a file.

    Width and height are pixels as displayed, of which `share` show the film and not bars around it.
    """

    width: int
    height: int
    share: float = 1.0

    @property
    def pixels(self) -> int:
        """Return how many pixels show the film."""
        return round(self.width * self.height * self.share)

    def is_as_large_as(self, other: "Picture") -> bool:
        """Say whether this picture is no smaller than the other, as far as is known."""
        barred = min(self.share, other.share) < 1
        return self.pixels >= (SAME_AREA if barred else 1) * other.pixels


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the keep rules look at. `path` is relative to its root, with forward slashes.

    Width and height are pixels as displayed, of which `shown_share` show the film and not bars
    around it, and `inset_share` show a film that is set into another one, if one is. `bitrate_bps`
    is None where the file does not say. `cropped`: one of the others shows more of the same
    picture, about as finely.
    """

    file_id: int
    path: str
    protected: bool
    width: int
    height: int
    codec: str
    bitrate_bps: int | None
    size_bytes: int
    seconds: float
    shown_share: float = 1.0
    inset_share: float = 0.0
    cropped: bool = False

    @property
    def picture(self) -> Picture:
        """Return how much it shows."""
        return Picture(self.width, self.height, self.inset_share or self.shown_share)


@dataclass(frozen=True, slots=True)
class Choice:
    """The file to keep and the rule that set it apart; None where there was no choice."""

    keeper: FileFacts
    rule: KeepRule | None


def choose_keeper(files: Sequence[FileFacts], rules: Sequence[KeepRule] = KEEP_RULES) -> Choice:
    """Return the file to keep: the rules are asked in order, and the first difference decides.

    Files that no rule tells apart are told apart by name, then by id.

    Raises:
        ValueError: There are no files.
    """
    left = list(files)
    if not left:
        raise ValueError("There is no file to keep among none.")
    decided: KeepRule | None = None
    for rule in (*rules, *(() if "name" in rules else ("name",))):
        best = _best_by(rule, left)
        if len(best) < len(left):
            decided = rule
        left = best
        if len(left) == 1:
            break
    return Choice(min(left, key=lambda file: file.file_id), decided)


def in_order(
    files: Sequence[FileFacts], rules: Sequence[KeepRule] = KEEP_RULES
) -> list[FileFacts] | None:
    """Return files, the one to keep first, then the one to keep without it, and so on.

    None where that order depends on which of them are left: two bitrates may be no difference
    beside a third, and one without it.
    """
    asked = (*rules, *(() if "name" in rules else ("name",)))
    before = asked[: asked.index("bitrate")] if "bitrate" in asked else ()
    bitrates: dict[tuple[object, ...], list[float]] = defaultdict(list)
    if "bitrate" in asked:
        for file in files:
            bitrates[tuple(_exactly(rule, file) for rule in before)].append(worth_bps(file))
    if "resolution" in asked and _nearly_as_large(files):
        return None
    if any(min(rates) < SAME_BITRATE * max(rates) for rates in bitrates.values()):
        return None
    exact = [rule for rule in asked if rule != "bitrate"]
    ranks = {f.file_id: (*(_exactly(rule, f) for rule in exact), f.file_id) for f in files}
    return sorted(files, key=lambda file: ranks[file.file_id])


def _exactly(rule: KeepRule, file: FileFacts) -> int | tuple[bool, int] | NameRank:
    """Return what a rule that knows no tolerance looks at, less being better."""
    match rule:
        case "protected":
            return int(not file.protected)
        case "resolution":
            return (file.cropped, -file.picture.pixels)
        case "size":
            return -file.size_bytes
        case "name":
            return readability(file.path)
        case "bitrate":
            raise ValueError(f"{rule} has a tolerance")
        case _:
            assert_never(rule)


def worth_bps(file: FileFacts) -> float:
    """Return the bitrate an H.264 file of the same quality would have."""
    rate = file.bitrate_bps
    if rate is None:
        rate = int(8 * file.size_bytes / file.seconds) if file.seconds > 0 else 0
    return rate * CODEC_WORTH.get(file.codec.lower(), 1.0)


def _nearly_as_large(files: Sequence[FileFacts]) -> bool:
    """Say whether there are pictures of different areas that are no difference."""
    falling = sorted((file.picture for file in files), key=lambda each: -each.pixels)
    return any(
        small.pixels < large.pixels and small.is_as_large_as(large)
        for large, small in itertools.pairwise(falling)
    )


def _best_by(rule: KeepRule, files: list[FileFacts]) -> list[FileFacts]:
    match rule:
        case "protected":
            return _highest(files, lambda file: float(file.protected))
        case "resolution":
            whole = [file for file in files if not file.cropped] or files
            largest = max((file.picture for file in whole), key=lambda each: each.pixels)
            return [file for file in whole if file.picture.is_as_large_as(largest)]
        case "bitrate":
            return _highest(files, worth_bps, share=SAME_BITRATE)
        case "size":
            return _highest(files, lambda file: float(file.size_bytes))
        case "name":
            first = min(readability(file.path) for file in files)
            return [file for file in files if readability(file.path) == first]
        case _:
            assert_never(rule)


def _highest(
    files: list[FileFacts], measure: Callable[[FileFacts], float], *, share: float = 1.0
) -> list[FileFacts]:
    top = max(measure(file) for file in files)
    return [file for file in files if measure(file) >= share * top]
