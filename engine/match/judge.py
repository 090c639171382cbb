"""Is what was found enough to move someone's files, enough to mention, or not enough at all?

Precision comes first: a claim that is not sure enough to act upon is an overlap, or nothing.
The limits were set on re-encoded, cropped, turned and trimmed copies of real films on one side,
and takes of one scene, signs of one signer and two versions of one logo on the other.
"""

import math
from typing import Literal

from autodedup.engine.match.align import USUAL_SPEEDS
from autodedup.engine.match.model import Clip, PairRelation, Segment
from autodedup.engine.match.thresholds import Thresholds
from autodedup.engine.match.verify import CHANCE_BITS, Witness, usual_steps

Verdict = Literal["act", "mention", "nothing"]

_SHARED_BITS = 50.0
_SHARED_CONTRAST = 40.0
_SHARED_SCENES = 3
_PLENTY_OF_SCENES = 8
_SELDOM = 3.0  # seconds between two frames of a film that is looked at by its keyframes
_LEAST_DOUBT = 0.35  # however close two films lie
_SPEEDS = (*USUAL_SPEEDS, *(1.0 / speed for speed in USUAL_SPEEDS))
_SPEED_LEEWAY = 0.003
_FRAME_RATES = (1.0, 24 / 25, 25 / 24)  # the speeds of films that were fitted to another system


def judge(
    witness: Witness,
    relation: PairRelation,
    segments: tuple[Segment, ...],
    pair: tuple[Clip, Clip],
    limits: Thresholds,
) -> Verdict:
    """Say what may be done with a pair that stands in `relation` by the witness."""
    if relation != "overlap" and witness.agreement >= limits.agreement:
        if _moves_alike(witness, segments, limits):
            return "act"
        if relation == "near" and _stands_alike(witness, segments, pair, limits):
            return "act"
        if relation == "contains" and _shows_all_that_can_be_seen(witness, segments, pair, limits):
            return "act"
    if _moves_alike(witness, segments, limits) or _shares(witness, segments, limits):
        return "mention"
    return "nothing"


def judge_embedded(
    witness: Witness,
    relation: PairRelation,
    segments: tuple[Segment, ...],
    limits: Thresholds,
) -> Verdict:
    """Say whether a pair that only embeddings have seen may be acted upon; else it is nothing.

    Embeddings take what is merely alike for the same more readily than hashes do, so it is not
    enough that frames lie close: what changes in one film has to change in the other, at the
    same time. Measured on real films, that correlates by 0.6 and more for nearly all edits, by
    0.3 to 0.6 where a third of the picture is left, and by less than 0.3 for strangers; times the
    contrast that is 10 bits and more for most edits, 4.5 for calm films and small crops, and less
    than 2 for strangers of eight seconds and more. Two games on one level lie as close as a copy
    that little was done to, and move alike by 0.58 and 0.64; such a copy does by 0.73. Two
    episodes after one title, or in one order of titles and pictures, move alike as wholes, by 0.6:
    what speaks for a copy must be seen in both halves of it. Two versions of a logo lie 58 bits
    closer than elsewhere and move alike by 0.74, at 33 bits; its copy, re-framed, 79, 0.92 and 12.
    """
    enough = (
        relation != "overlap"
        and witness.high_bits <= limits.seen_far_high
        and witness.scenes >= limits.seen_few_scenes
        and not witness.half_motion < limits.seen_half_motion  # which may not be a number
    )
    if not enough:
        return "nothing"
    gap = contrast(witness)
    if (
        witness.mean_bits <= limits.seen_few_bits
        and gap >= limits.seen_few_contrast
        and witness.motion >= limits.seen_few_motion
    ):
        return "act"
    if witness.scenes < limits.seen_scenes:
        return "nothing"
    seconds = _seconds(segments)
    # Where nothing moves, `motion` is not a number, and no limit lies below that.
    close = witness.high_bits <= limits.seen_high
    nearness = max(0.0, 1.0 - witness.mean_bits / limits.seen_same_bits)
    asked = limits.seen_motion + nearness * (limits.seen_same_motion - limits.seen_motion)
    if seconds < limits.seen_seconds:
        # Two signs of one signer, two versions of one logo: a few seconds move much alike. But
        # signers lie as close elsewhere, and a logo is brief and shows few pictures.
        alike = close and (
            (gap >= limits.seen_short_contrast and witness.motion >= limits.seen_short_motion)
            or (
                seconds >= limits.seen_own_seconds
                and gap >= limits.seen_own_contrast
                and witness.motion >= max(asked, limits.seen_own_motion)
                and witness.scenes >= limits.seen_own_scenes
            )
        )
    else:
        moved = limits.seen_moved if close else limits.seen_far_moved
        alike = (
            # What is hardly known again may be a stranger at some other speed.
            (close or _at_its_own_speed(segments))
            and gap >= limits.seen_contrast
            and witness.motion >= asked
            and gap * witness.motion >= moved
        )
    return "act" if alike else "nothing"


def contrast(witness: Witness) -> float:
    """Return how many bits closer the frames lie on the line than elsewhere; 0 if unknown."""
    return 0.0 if math.isnan(witness.elsewhere) else witness.elsewhere - witness.mean_bits


def _seconds(segments: tuple[Segment, ...]) -> float:
    return sum(segment.a_end - segment.a_start for segment in segments)


def _at_speeds(segments: tuple[Segment, ...], speeds: tuple[float, ...]) -> bool:
    return all(min(abs(s.speed - u) for u in speeds) <= _SPEED_LEEWAY for s in segments)


def _at_its_own_speed(segments: tuple[Segment, ...]) -> bool:
    return all(segment.speed == 1.0 for segment in segments)


def confidence_of(witness: Witness, covered: float) -> float:
    """Return how sure a claim is, 0..1: the geometric mean of five shares.

    Closeness of the frames (half at 60 bits), the share of them that agree, the contrast with
    other times (half at 12 bits; a still film is judged by its closeness instead), the number
    of different pictures (half after one), and how much of the claimed seconds is covered.
    Rises with each of them.
    """
    closeness = 1.0 / (1.0 + math.exp((witness.mean_bits - 60.0) / 10.0))
    gap = contrast(witness)
    still = max(0.0, 1.0 - 2.0 * witness.mean_bits / CHANCE_BITS)
    surprise = max(gap / (gap + 12.0), still) if gap > 0 else still
    amount = 1.0 - 0.5 ** min(witness.scenes, 12)
    shares = (closeness, witness.agreement, surprise, amount, covered)
    return float(math.prod(max(share, 0.0) for share in shares) ** (1 / len(shares)))


def _moves_alike(witness: Witness, segments: tuple[Segment, ...], limits: Thresholds) -> bool:
    """Say whether a moving film is a copy: closer than elsewhere, in enough pictures."""
    gap = contrast(witness)
    motion = 0.0 if math.isnan(witness.motion) else witness.motion
    seconds = _seconds(segments)
    asked = limits.moving_contrast if seconds >= limits.short_seconds else limits.short_contrast
    moving = (
        gap >= asked
        and witness.scenes >= limits.moving_scenes
        and witness.mean_bits <= limits.moving_bits
    )
    # At any speed there are many lines, of which one may pass through much that is alike.
    usual = _at_speeds(segments, _SPEEDS)
    hard = (
        seconds >= limits.long_seconds
        and gap >= (limits.hard_contrast if usual else limits.moving_contrast)
        and witness.scenes >= limits.hard_scenes
        and witness.mean_bits <= limits.hard_bits
    )
    calm = (
        seconds >= limits.long_seconds
        and gap >= limits.long_contrast
        and witness.scenes >= _PLENTY_OF_SCENES
        and motion >= limits.long_motion
    )
    # A different take of one pose is close at rest and parts when it moves; a copy never parts.
    # The closer two films lie, the less they have to move to show that they move together.
    # Pictures that stand still lie on lines of many speeds: a few of them tell none.
    many = seconds >= limits.short_seconds and witness.scenes >= limits.moving_scenes
    unhurried = many or _at_its_own_speed(segments)
    doubt = max(_LEAST_DOUBT, witness.mean_bits / limits.close_bits)
    close = (
        unhurried
        and doubt <= 1.0
        and witness.high_bits <= limits.close_high
        and witness.scenes >= 2  # noqa: PLR2004  # one picture has no motion
        and gap >= doubt * limits.close_contrast
        and motion >= doubt * limits.close_motion
    )
    return (moving or hard or calm or close) and _is_no_other_take(witness, segments, limits)


def _is_no_other_take(witness: Witness, segments: tuple[Segment, ...], limits: Thresholds) -> bool:
    """Say whether two short stretches lie closer than two takes of one movement do.

    At some other speed two takes of anything agree for a second or two. A hand goes down in half a
    second in one sign of a signer as in the other, and nothing that comes before or after parts
    them: the shorter they are, the closer they must lie.
    """
    share = min(1.0, _seconds(segments) / limits.short_seconds)
    if share < 1.0 and not _at_speeds(segments, _FRAME_RATES):
        return False
    bits = limits.brief_bits + share * (limits.close_bits - limits.brief_bits)
    gap = limits.brief_contrast + share * (limits.short_contrast - limits.brief_contrast)
    return (
        share == 1.0
        or min(witness.mean_bits, witness.high_bits) <= bits
        or contrast(witness) >= gap
    )


def _shows_all_that_can_be_seen(
    witness: Witness,
    segments: tuple[Segment, ...],
    pair: tuple[Clip, Clip],
    limits: Thresholds,
) -> bool:
    """Say whether a long film shows a short one wherever it was looked at, though that is seldom.

    Of 20 seconds of an hour there are two or three pictures, and of half a second of half a minute,
    too few to see them move. Strangers show the same picture now and then, but not two very
    different ones the same time apart.
    """
    seldom = max(usual_steps(*(clip.times_seconds for clip in pair)), default=0.0)
    seconds = _seconds(segments)
    return (
        (seconds < limits.few_seconds or (seldom >= _SELDOM and seconds >= limits.long_seconds))
        and _at_its_own_speed(segments)
        and witness.frames == witness.scenes >= 2  # noqa: PLR2004
        and witness.worst_bits <= limits.few_bits
        and contrast(witness) >= limits.few_contrast
    )


def _stands_alike(
    witness: Witness,
    segments: tuple[Segment, ...],
    pair: tuple[Clip, Clip],
    limits: Thresholds,
) -> bool:
    """Say whether two still films are one: very close throughout, as long, and not displaced.

    A camera that watches a street shows one background for hours, and other cars.
    """
    a, b = pair
    leeway = max(0.1, 0.02 * max(a.seconds, b.seconds))
    as_long = abs(a.seconds - b.seconds) <= leeway
    displaced = any(abs(s.a_start - s.b_start) > 0.5 for s in segments)  # noqa: PLR2004
    return (
        as_long
        and not displaced
        and _at_its_own_speed(segments)
        and witness.agreement == 1.0
        and witness.scenes <= limits.still_scenes
        and witness.mean_bits <= limits.still_bits
    )


def _shares(witness: Witness, segments: tuple[Segment, ...], limits: Thresholds) -> bool:
    """Say whether two films share a stretch, though neither is a copy of the other."""
    gap = contrast(witness)
    seconds = _seconds(segments)
    asked = _SHARED_CONTRAST if seconds >= limits.short_seconds else limits.short_contrast
    near_alike = (
        witness.mean_bits <= limits.close_bits
        and witness.high_bits <= limits.close_high
        and gap >= limits.close_contrast
    )
    return (
        witness.scenes >= _SHARED_SCENES
        and (near_alike or (witness.mean_bits <= _SHARED_BITS and gap >= asked))
        and _is_no_other_take(witness, segments, limits)
    )
