"""The words of the wire: ids, kinds, actions and states, each a closed list."""

from typing import Annotated, Literal

from pydantic import Field

Kind = Literal["exact", "same_stream", "near", "contains", "overlap", "semantic"]
Profile = Literal["strict", "balanced", "loose"]
Tier = Literal["exact", "perceptual", "copy", "semantic"]
ActionKind = Literal[
    "trash", "delete", "hardlink", "reflink", "symlink", "quarantine", "organize", "keep"
]
KeepRule = Literal["protected", "resolution", "bitrate", "size", "name"]
FileState = Literal[
    "NEW",
    "HASHED",
    "METADATA_EXTRACTED",
    "PROCESSED",
    "DELETED",
    "BROKEN",
    "MISSING",
    "PROCESSING_ERROR",
]
JobStatus = Literal["running", "complete", "cancelled", "failed"]

# From the tightest claim to the loosest: a group's kind is its loosest member's.
KINDS: tuple[Kind, ...] = ("exact", "same_stream", "near", "contains", "overlap", "semantic")
ACTING_KINDS: tuple[Kind, ...] = ("exact", "same_stream", "near", "contains")

# At most 18 digits: what SQLite can number.
FileId = Annotated[str, Field(pattern=r"^f[1-9][0-9]{0,17}$")]
GroupId = Annotated[str, Field(pattern=r"^g[1-9][0-9]{0,17}$")]
PlanId = Annotated[str, Field(pattern=r"^p[1-9][0-9]{0,17}$")]
JobId = Annotated[str, Field(pattern=r"^j[1-9][0-9]{0,17}$")]
ResultId = Annotated[str, Field(pattern=r"^r[1-9][0-9]{0,17}$")]
FileRef = Annotated[str, Field(min_length=1, max_length=4096)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]

Seconds = Annotated[float, Field(ge=0)]
Ratio = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
ByteCount = Annotated[int, Field(ge=0)]

KIND_MEANINGS: dict[Kind, str] = {
    "exact": "same bytes",
    "same_stream": "same encoded pictures and sound, other container or metadata",
    "near": "same content from start to end: re-encoded, resized, graded, mirrored, cropped …",
    "contains": "the whole of this file is a part of the keeper",
    "overlap": (
        "they share some seconds, such as an intro, or one of them lies under another film; acted "
        "upon only by group id"
    ),
    "semantic": "alike in meaning only; never acted upon automatically",
}
