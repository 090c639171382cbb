"""What is told of a file in a group, and why it is said to match the keeper."""

from collections.abc import Iterable
from typing import Literal, assert_never

from autodedup.engine.library import LibraryFile
from autodedup.engine.match.meaning import MEANING_VIEW
from autodedup.engine.match.model import PairMatch, Segment
from autodedup.engine.match.sights import EMBEDDED_VIEW, cosine_of
from autodedup.engine.signature.model import HASH_BITS
from autodedup.schemas.evidence import Evidence, HashDistance, Likeness, Overlap
from autodedup.schemas.find_duplicates import GroupFile
from autodedup.schemas.vocabulary import KeepRule

_BY_COSINE = frozenset({EMBEDDED_VIEW, MEANING_VIEW})
SAME_LENGTH = 0.02  # of the longer: within it, durations agree


def group_file(file: LibraryFile) -> GroupFile:
    """Return a file as it is shown in a group, without what it is to the keeper."""
    size = file.row.stat.size
    signature = file.signature
    if signature is None:
        return GroupFile(id=file.id, path=file.shown, bytes=size)
    bits_a_second = signature.facts.bitrate_bps
    if bits_a_second is None and signature.seconds > 0:
        bits_a_second = int(8 * size / signature.seconds)
    return GroupFile(
        id=file.id,
        path=file.shown,
        bytes=size,
        seconds=round(signature.seconds, 2),
        width=signature.facts.width,
        height=signature.facts.height,
        codec=signature.facts.codec,
        kbps=None if bits_a_second is None else round(bits_a_second / 1000),
    )


def evidence_of(file: LibraryFile, keeper: LibraryFile, match: PairMatch | None) -> Evidence:
    """Return the evidence towards the keeper: `a` is the file, `b` the keeper."""
    agrees, differs = _compared(file, keeper)
    if match is None:
        return Evidence(agrees=agrees or None, differs=differs or None)
    swapped = match.a != file.row.signature_id
    part: Literal["a", "b"] = "b" if match.shows_more(file.row.signature_id) else "a"
    inset = match.crop is not None and match.crop.inset
    return Evidence(
        overlap=tuple(_overlap(s, swapped=swapped) for s in match.segments) or None,
        distance=None if match.view in _BY_COSINE else _distance(match),
        likeness=_likeness(match) if match.view in _BY_COSINE else None,
        view=None if match.view == "full" else match.view,
        cropped=part if match.crop is not None and not inset else None,
        inset=part if inset else None,
        agrees=agrees or None,
        differs=differs or None,
    )


def _distance(match: PairMatch) -> HashDistance:
    return HashDistance(
        mean=round(match.mean_bits, 1),
        worst=round(match.worst_bits, 1),
        of_bits=HASH_BITS,
        frames=match.frames,
    )


def _likeness(match: PairMatch) -> Likeness:
    return Likeness(
        mean=round(cosine_of(match.mean_bits), 3),
        least=round(cosine_of(match.worst_bits), 3),
        frames=match.frames,
    )


def _overlap(segment: Segment, *, swapped: bool) -> Overlap:
    a = (_moment(segment.a_start), _moment(segment.a_end))
    b = (_moment(segment.b_start), _moment(segment.b_end))
    if swapped:
        return Overlap(a=b, b=a, speed=round(1 / segment.speed, 3))
    return Overlap(a=a, b=b, speed=round(segment.speed, 3))


def _moment(seconds: float) -> float:
    return round(max(0.0, seconds), 2)


def _compared(file: LibraryFile, keeper: LibraryFile) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what the headers of two files agree on, and what they do not."""
    if file.signature is None or keeper.signature is None:
        return (), ()
    its, kept = file.signature, keeper.signature
    longer = max(its.seconds, kept.seconds)
    heard = {each.facts.audio_codec is not None for each in (its, kept)}
    said = {
        "duration": abs(its.seconds - kept.seconds) <= SAME_LENGTH * longer,
        "resolution": (its.facts.width, its.facts.height) == (kept.facts.width, kept.facts.height),
    }
    if True in heard:  # what neither has is no likeness
        said["sound"] = len(heard) == 1
    return (
        tuple(name for name, same in said.items() if same),
        tuple(name for name, same in said.items() if not same),
    )


def why_keep(keeper: LibraryFile, rule: KeepRule | None, others: Iterable[LibraryFile]) -> str:
    """Return, in words, which rule decided for the keeper among the others."""
    facts = None if keeper.signature is None else keeper.signature.facts
    match rule:
        case None:
            return "no rule tells the files apart"
        case "protected":
            return "protected: it lies in a protected folder"
        case "resolution":
            size = "" if facts is None else f": {facts.width}x{facts.height}"
            return f"resolution: the largest picture{_not_counted(keeper, others)}{size}"
        case "bitrate":
            codec = "" if facts is None else f" for {facts.codec}"
            return f"bitrate: the highest{codec}, judged per codec"
        case "size":
            return "size: the largest file"
        case "name":
            return "name: the most readable"
        case _:
            assert_never(rule)


def _not_counted(keeper: LibraryFile, others: Iterable[LibraryFile]) -> str:
    """Return why larger frames were passed over, if some were."""
    larger = [each.signature for each in others if _frame(each) > _frame(keeper)]
    barred = [each is not None and each.shown_share < 1 for each in larger]
    said = "bars " * any(barred) + "and " * (len(set(barred)) > 1) + "crops " * (not all(barred))
    return f", {said}not counted" if said else ""


def _frame(file: LibraryFile) -> int:
    """Return the pixels of a file's frames, whatever they show."""
    return 0 if file.signature is None else file.signature.facts.width * file.signature.facts.height
