"""What a reviewer should look at before agreeing to a plan. Pure."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from autodedup.engine.library import LibraryFile
from autodedup.engine.planning.actions import Draft
from autodedup.engine.planning.judged import JudgedGroup, Member
from autodedup.engine.store.decisions import content_key
from autodedup.engine.store.signatures import SignatureRow
from autodedup.schemas.plan import Risk

RiskCode = Literal[
    "LOW_CONFIDENCE",
    "LONGER_THAN_KEEPER",
    "LARGER_PICTURE_THAN_KEEPER",
    "SHOWS_MORE_THAN_KEEPER",
    "INSET_IN_KEEPER",
    "SOUND_ONLY_IN_COPY",
    "EDITED_COPY",
    "PART_OF_KEEPER",
    "OVERLAP_ONLY",
    "FREES_NOTHING",
    "KEEPER_IN_OTHER_ROOT",
    "LET_GO_BEFORE",
    "DELETED_FOR_GOOD",
]
SURE = 0.9
LONGER_SECONDS, LONGER_SHARE = 1.0, 0.02

MEANINGS: dict[RiskCode, str] = {
    "LOW_CONFIDENCE": f"the claim is less than {SURE:.0%} sure",
    "LONGER_THAN_KEEPER": "the copy to go is longer than the one kept",
    "LARGER_PICTURE_THAN_KEEPER": "the copy to go has more pixels than the one kept",
    "SHOWS_MORE_THAN_KEEPER": "the one kept shows only a part of the picture of the copy to go",
    "INSET_IN_KEEPER": "the one kept shows the copy to go small, within another film",
    "SOUND_ONLY_IN_COPY": "the copy to go has sound and the one kept has none",
    "EDITED_COPY": "the copy is mirrored, turned, cropped or framed: someone may want it as it is",
    "PART_OF_KEEPER": "the file is a clip out of the one kept",
    "OVERLAP_ONLY": "the files share only some seconds",
    "FREES_NOTHING": "the copy and the one kept are one file on disk (hard link)",
    "KEEPER_IN_OTHER_ROOT": "the copy kept lies in another root, perhaps on another disk",
    "LET_GO_BEFORE": "this content was trashed or deleted before and has come back",
    "DELETED_FOR_GOOD": "the file is deleted, not trashed: undo cannot bring it back",
}


def of_plan(
    groups: Iterable[JudgedGroup], drafts: Sequence[Draft], departed: Mapping[bytes, float]
) -> tuple[Risk, ...]:
    """Return the risks of a plan, in a fixed order, each with the files it concerns.

    `departed` gives the contents that were let go before, and when, in seconds since 1970.
    """
    acted = {draft.victim.row.id: draft for draft in drafts if draft.action != "keep"}
    found: dict[RiskCode, set[int]] = defaultdict(set)
    for group in groups:
        for member in group.members:
            if member.file.row.id in acted:
                for code in _of_member(group.keeper, member):
                    found[code].add(member.file.row.id)
        for file in (group.keeper, *(member.file for member in group.members)):
            # The copy that was kept then was there before; what came after has come back.
            if departed.get(content_key(file.row), math.inf) < file.row.found_at:
                found["LET_GO_BEFORE"].add(file.row.id)
    for number, draft in acted.items():
        if draft.action == "delete":
            found["DELETED_FOR_GOOD"].add(number)
    return tuple(
        Risk(code=code, files=tuple(f"f{number}" for number in sorted(found[code])))
        for code in MEANINGS
        if code in found
    )


def _of_member(keeper: LibraryFile, member: Member) -> Iterable[RiskCode]:
    file = member.file
    if member.confidence < SURE:
        yield "LOW_CONFIDENCE"
    if member.relation == "contains":
        yield "PART_OF_KEEPER"
    if member.relation == "overlap":
        yield "OVERLAP_ONLY"
    if member.lacking is not None:
        yield "INSET_IN_KEEPER" if member.lacking == "inset" else "SHOWS_MORE_THAN_KEEPER"
    if member.view not in {None, "full"}:
        yield "EDITED_COPY"
    if file.is_hard_link_of(keeper):
        yield "FREES_NOTHING"
    if file.row.root_id != keeper.row.root_id:
        yield "KEEPER_IN_OTHER_ROOT"
    if file.signature is not None and keeper.signature is not None:
        yield from _of_contents(keeper.signature, file.signature)


def _of_contents(kept: SignatureRow, its: SignatureRow) -> Iterable[RiskCode]:
    if its.seconds > kept.seconds * (1 + LONGER_SHARE) + LONGER_SECONDS:
        yield "LONGER_THAN_KEEPER"
    if its.facts.width * its.facts.height > kept.facts.width * kept.facts.height:
        yield "LARGER_PICTURE_THAN_KEEPER"
    if its.facts.audio_codec is not None and kept.facts.audio_codec is None:
        yield "SOUND_ONLY_IN_COPY"
