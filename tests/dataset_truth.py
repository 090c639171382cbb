"""Which pairs of a data set are duplicates, read from its manifest."""

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Verdict = Literal["same", "partly", "different", "apart"]
Pair = tuple[str, str]  # two files, in the order of their names

# Families and groups of the real corpus whose truth is a matter of opinion: scored apart.
JUDGEMENT_FAMILIES = frozenset({"bbb-hill", "fc-testpattern", "foreman"})
JUDGEMENT_BETWEEN = frozenset({frozenset({"qt-logo-new", "qt-logo-old"})})
JUDGEMENT_GROUPS = frozenset({"low-info"})
JUDGEMENT_RELATIONS = frozenset({("ukb-00120", "mirror")})


@dataclass(frozen=True, slots=True)
class Media:
    """One file of the manifest; see `generate_media_dataset` for what the fields say."""

    file: str
    family: str | None
    relation: str
    segment: tuple[float, float] | None
    adds: bool
    hard_negative_of: str | None
    shares_footage_with: frozenset[str]
    offset: float | None
    speed: float | None

    def within(self, other: "Media") -> bool:
        """Return whether all that this file shows of the original is in the other too."""
        if self.adds:
            return False
        if other.segment is None:
            return True
        if self.segment is None:
            return False
        slack = 0.3  # seconds; the corpus gives its segments to about 0.2
        return (
            self.segment[0] >= other.segment[0] - slack
            and self.segment[1] <= other.segment[1] + slack
        )

    def meets(self, other: "Media") -> bool:
        """Return whether the two files show any second of the original in common."""
        if self.segment is None or other.segment is None:
            return True
        return min(self.segment[1], other.segment[1]) > max(self.segment[0], other.segment[0])


def read_manifest(folder: Path) -> dict[str, Media]:
    """Return the videos of a data set by their path below its folder."""
    lines = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return {line["file"]: _media(line) for line in lines if line["kind"] == "video"}


def _media(line: dict[str, object]) -> Media:
    told = line.get("offset_s", line.get("align_offset_s"))
    if told is None and line["relation"] == "original":
        told = 0.0
    speed = line.get("speed", None if line["relation"] in {"speed", "reversed", "loop"} else 1.0)
    segment = line.get("segment_s")
    return Media(
        file=str(line["file"]),
        family=None if line["family"] is None else str(line["family"]),
        relation=str(line["relation"]),
        segment=(segment[0], segment[1]) if isinstance(segment, list) else None,
        adds=bool(line.get("adds", False)),
        hard_negative_of=None
        if line["hard_negative_of"] is None
        else str(line["hard_negative_of"]),
        shares_footage_with=frozenset(line.get("shares_footage_with") or ()),
        offset=float(told) if isinstance(told, (int, float)) else None,
        speed=float(speed) if isinstance(speed, (int, float)) else None,
    )


def judge(one: Media, other: Media) -> Verdict:
    """Return what two files truly are to each other.

    `same`: one shows all that the other does. `partly`: they share a stretch, and each has
    something of its own. `apart`: opinions differ, so it is counted by itself.
    """
    if _is_opinion(one, other) or _shares(one, other):
        return "apart"
    if one.family is None or one.family != other.family or not one.meets(other):
        return "different"
    return "same" if one.within(other) or other.within(one) else "partly"


def true_pairs(media: dict[str, Media]) -> dict[Pair, Verdict]:
    """Return all pairs but those that are different."""
    verdicts = {
        (one, other): judge(media[one], media[other])
        for one, other in itertools.combinations(sorted(media), 2)
    }
    return {pair: verdict for pair, verdict in verdicts.items() if verdict != "different"}


def _is_opinion(one: Media, other: Media) -> bool:
    families = frozenset({one.family, other.family})
    if families in JUDGEMENT_BETWEEN:
        return True
    if one.hard_negative_of is not None and one.hard_negative_of == other.hard_negative_of:
        return one.hard_negative_of in JUDGEMENT_GROUPS
    if one.family is None or len(families) > 1:
        return False
    return one.family in JUDGEMENT_FAMILIES or any(
        (file.family, file.relation) in JUDGEMENT_RELATIONS for file in (one, other)
    )


def _shares(one: Media, other: Media) -> bool:
    """Return whether the manifest says that two different films share a stretch.

    Only the corpus names families here; our own sets name files, and there a claim of
    duplication is a false one, since an overlap can be told from a duplicate.
    """
    return (one.family is None or one.family != other.family) and bool(
        one.shares_footage_with & {other.family or ""}
        or other.shares_footage_with & {one.family or ""}
    )
