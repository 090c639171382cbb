"""Which pairs of a data set are duplicates, read from its manifest.

A folder's `manifest.json` is a list of one object a file, as `generate_media_dataset` describes
it; all but `file` and `family` may be left out. A `truth.json` is read where there is no
manifest: a list of {path, source, variant, offset, speed}, in which files of one source are
edits of its variant "orig", and second t of a file shows second offset + speed * t of it.
"""

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

Verdict = Literal["same", "partly", "different", "apart"]
Pair = tuple[str, str]  # two files, in the order of their names

# Families and groups of the real corpus whose truth is a matter of opinion: scored apart.
JUDGEMENT_FAMILIES = frozenset({"bbb-hill", "fc-testpattern", "foreman"})
JUDGEMENT_BETWEEN = frozenset({frozenset({"qt-logo-new", "qt-logo-old"})})
JUDGEMENT_GROUPS = frozenset({"low-info"})
_SAME_LENGTH_S = 0.15
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
    only_with_original: bool = False

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
    """Return the videos of a data set by their path below its folder.

    Raises:
        FileNotFoundError: It has neither a manifest.json nor a truth.json.
    """
    if not (folder / "manifest.json").exists() and (folder / "truth.json").exists():
        rows = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        media = [_of_truth(folder, row) for row in rows]
        return {one.file: one for one in media}
    lines = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    of_family = {line.get("family"): line for line in lines if line.get("relation") == "original"}
    return {
        line["file"]: _media(line, of_family.get(line.get("family")))
        for line in lines
        if line.get("kind", "video") == "video"
    }


def _media(line: dict[str, object], original: dict[str, object] | None) -> Media:
    relation = str(line.get("relation", "copy"))
    speed = line.get("speed", None if relation in {"speed", "reversed", "loop"} else 1.0)
    segment, offset = line.get("segment_s"), _offset(line, original)
    return Media(
        file=str(line["file"]),
        family=_text(line.get("family")),
        relation=relation,
        segment=(segment[0], segment[1]) if isinstance(segment, list) else None,
        adds=bool(line.get("adds", False)),
        hard_negative_of=_text(line.get("hard_negative_of")),
        shares_footage_with=frozenset(cast("list[str]", line.get("shares_footage_with") or ())),
        offset=float(offset) if isinstance(offset, (int, float)) else None,
        speed=float(speed) if isinstance(speed, (int, float)) else None,
    )


def _offset(line: dict[str, object], original: dict[str, object] | None) -> object:
    """Return the offset that a manifest tells or implies.

    Offsets measured by a machine mean nothing for a nearly still film, so a file as long as its
    original is taken to start with it.
    """
    if "offset_s" in line:
        return line["offset_s"]
    if line.get("relation") == "original":
        return 0.0
    lasts, original_lasts = line.get("duration_s"), (original or {}).get("duration_s")
    if (
        isinstance(lasts, (int, float))
        and isinstance(original_lasts, (int, float))
        and abs(lasts - original_lasts) < _SAME_LENGTH_S
    ):
        return 0.0
    return line.get("align_offset_s")


def _of_truth(folder: Path, row: dict[str, object]) -> Media:
    """Read a line of truth.json. Its paths may begin above the folder; they end inside."""
    path = Path(str(row["path"]))
    parts = path.relative_to(path.anchor).parts
    inside = next(
        Path(*parts[n:]) for n in range(len(parts)) if (folder / Path(*parts[n:])).exists()
    )
    offset, variant = float(str(row["offset"])), str(row["variant"])
    return Media(
        file=inside.as_posix(),
        family=str(row["source"]),
        relation="original" if variant == "orig" else variant,
        # How much was cut off at the end it does not say: only pairs with the original count.
        segment=None,
        adds=offset < 0,
        hard_negative_of=None,
        shares_footage_with=frozenset(),
        offset=offset,
        speed=float(str(row["speed"])),
        only_with_original=True,
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def judge(one: Media, other: Media) -> Verdict:
    """Return what two files truly are to each other.

    `same`: one shows all that the other does. `partly`: they share a stretch, and each has
    something of its own. `apart`: opinions differ, so it is counted by itself.
    """
    if _is_opinion(one, other) or _shares(one, other):
        return "apart"
    if one.family is None or one.family != other.family or not one.meets(other):
        return "different"
    if (one.only_with_original or other.only_with_original) and "original" not in {
        one.relation,
        other.relation,
    }:
        return "apart"
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
