"""Which of several copies to keep, and which rule decided."""

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


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the keep rules look at. `path` is relative to its root, with forward slashes.

    Width and height are pixels as displayed; `bitrate_bps` is None where the file does not say.
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
    if any(min(rates) < SAME_BITRATE * max(rates) for rates in bitrates.values()):
        return None
    exact = [rule for rule in asked if rule != "bitrate"]
    ranks = {f.file_id: (*(_exactly(rule, f) for rule in exact), f.file_id) for f in files}
    return sorted(files, key=lambda file: ranks[file.file_id])


def _exactly(rule: KeepRule, file: FileFacts) -> int | NameRank:
    """Return what a rule that knows no tolerance looks at, less being better."""
    match rule:
        case "protected":
            return int(not file.protected)
        case "resolution":
            return -file.width * file.height
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


def _best_by(rule: KeepRule, files: list[FileFacts]) -> list[FileFacts]:
    match rule:
        case "protected":
            return _highest(files, lambda file: float(file.protected))
        case "resolution":
            return _highest(files, lambda file: float(file.width * file.height))
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
