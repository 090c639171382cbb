"""The closed list of error codes: what each means, whether to try again, and what to do next."""

from typing import Literal

from pydantic import JsonValue

from autodedup.schemas.base import Frozen

ErrorCode = Literal[
    "INTERNAL",
    "DB_LOCKED",
    "GPU_OOM",
    "INVALID_ARGUMENT",
    "NO_ROOTS",
    "PATH_NOT_FOUND",
    "PATH_OUTSIDE_ROOTS",
    "PREFLIGHT_FAILED",
    "NOT_INGESTED",
    "NOT_FOUND",
    "CURSOR_EXPIRED",
    "PLAN_NOT_FOUND",
    "DIGEST_MISMATCH",
    "PLAN_STALE",
    "READ_ONLY",
    "DELETE_NOT_ALLOWED",
    "APPROVAL_REQUIRED",
    "NO_SPACE",
    "PERMISSION_DENIED",
    "MODEL_UNAVAILABLE",
    "DB_DAMAGED",
    "DB_TOO_NEW",
    "APPLY_UNFINISHED",
    "CANCELLED",
]

FileCode = Literal[
    "EMPTY_FILE",
    "NOT_MEDIA",
    "TRUNCATED",
    "DECODE_FAILED",
    "DECODE_TIMEOUT",
    "DECODER_CRASHED",
    "UNSUPPORTED_CODEC",
    "TOO_FEW_FRAMES",
    "FILE_CHANGED",
    "FILE_VANISHED",
    "KEEPER_CHANGED",
    "KEEPER_VANISHED",
    "NAME_TAKEN",
    "CROSS_DEVICE",
    "LINK_UNSUPPORTED",
    "PROTECTED",
    "PERMISSION_DENIED",
    "NO_SPACE",
]


class ErrorFact(Frozen):
    """One row of the error table."""

    exit_code: int
    retryable: bool
    meaning: str
    remedy: str


class ErrorBody(Frozen):
    """What a client is told when a call fails."""

    code: ErrorCode
    message: str
    retryable: bool
    hint: str
    details: dict[str, JsonValue] | None = None


class Failure(Frozen):
    """The other arm of every answer."""

    ok: Literal[False] = False
    error: ErrorBody


def _fact(exit_code: int, meaning: str, remedy: str, *, retryable: bool = False) -> ErrorFact:
    return ErrorFact(exit_code=exit_code, retryable=retryable, meaning=meaning, remedy=remedy)


ERRORS: dict[ErrorCode, ErrorFact] = {
    "INTERNAL": _fact(
        1,
        "A fault of AutoDedup itself; the server's stderr has the traceback under the incident id.",
        "Call again; if it stays, report the incident id. Nothing was changed unless it says so.",
    ),
    "DB_LOCKED": _fact(
        2,
        "Another process holds the state database, or the lease on this work.",
        "Wait retry_after_s seconds and make the same call again.",
        retryable=True,
    ),
    "GPU_OOM": _fact(
        3,
        "GPU memory ran out even for the smallest batch.",
        "Free GPU memory and call again; what was finished is kept.",
        retryable=True,
    ),
    "INVALID_ARGUMENT": _fact(
        4,
        "An argument is unknown, ill-typed or out of range.",
        "Correct the arguments named in details; schema(about=TOOL) shows what is accepted.",
    ),
    "NO_ROOTS": _fact(
        5,
        "The server was started without a library folder.",
        "Add --root /path/to/videos to the server's arguments in the client's configuration.",
    ),
    "PATH_NOT_FOUND": _fact(
        6,
        "A path in the arguments, or a root, does not exist or cannot be read.",
        "Mount the disk, or correct the path and call again; it may be relative to a root: "
        '{"paths":["holidays"]}.',
    ),
    "PATH_OUTSIDE_ROOTS": _fact(
        7,
        "A path leads outside the library folders.",
        'Call again with a path inside a root, such as "holidays", or add its folder with --root.',
    ),
    "PREFLIGHT_FAILED": _fact(
        8,
        "The job cannot be done here as things stand.",
        "Call preflight with {}: each failing check says how to mend it.",
    ),
    "NOT_INGESTED": _fact(
        9,
        "There is nothing in the state to compare yet.",
        "Call ingest with {}, then make this call again.",
    ),
    "NOT_FOUND": _fact(
        10,
        "No group, file, job or result has this id.",
        "Call find_duplicates with {} and use an id it lists: a group such as g3, a file as f12.",
    ),
    "CURSOR_EXPIRED": _fact(
        11,
        "The list this cursor belongs to is gone, or the cursor is not one of ours.",
        "Make the call again without cursor.",
    ),
    "PLAN_NOT_FOUND": _fact(
        12,
        "No plan has this id.",
        "Call plan_actions with {} and use the plan it returns, such as p7.",
    ),
    "DIGEST_MISMATCH": _fact(
        13,
        "The digest is not that of this plan; nothing was done.",
        'Call plan_actions with {"plan":"p7"} for this plan, review it, and pass its digest.',
    ),
    "PLAN_STALE": _fact(
        14,
        "The library changed so much since the plan was made that none of it can be applied.",
        "Call ingest, find_duplicates and plan_actions with {} again, and review the new plan.",
    ),
    "READ_ONLY": _fact(
        15,
        "The server runs with --read-only, or the disk is mounted read-only.",
        "Ask the operator to start the server without --read-only.",
    ),
    "DELETE_NOT_ALLOWED": _fact(
        16,
        "The operator has not allowed permanent deletion.",
        'Call again with trash, {"policy":{"exact":"trash"}}, or ask the operator to start the '
        "server with --allow-delete.",
    ),
    "APPROVAL_REQUIRED": _fact(
        17,
        "A person must approve this plan before it is applied.",
        "Ask the user to run: autodedup approve PLAN, then call apply_plan again.",
    ),
    "NO_SPACE": _fact(
        18,
        "A disk is full.",
        "Free space on the disk named in details and call again; finished work is kept.",
    ),
    "PERMISSION_DENIED": _fact(
        19,
        "The server's user may not read or write a path.",
        "Give the server's user access to the path in details, then call again.",
    ),
    "MODEL_UNAVAILABLE": _fact(
        20,
        "A model that this tier needs is missing or damaged.",
        'Call again without the tier, {"tiers":["exact"]}, or put the file named in details there.',
    ),
    "DB_DAMAGED": _fact(
        21,
        "The state database is damaged, or is not a database of AutoDedup.",
        "Move the file named in details away and ingest again; the videos are not affected.",
    ),
    "DB_TOO_NEW": _fact(
        22,
        "The state database was written by a newer AutoDedup.",
        "Upgrade autodedup, or point --db at another file.",
    ),
    "APPLY_UNFINISHED": _fact(
        23,
        "An earlier apply or undo was interrupted and must be recovered first.",
        "Make the same call again to recover; details say what stands in the way.",
    ),
    "CANCELLED": _fact(
        24,
        "The work was cancelled; what was finished is kept.",
        "Make the call again to go on from there.",
    ),
}

FILE_CODES: dict[FileCode, str] = {
    "EMPTY_FILE": "The file has no bytes.",
    "NOT_MEDIA": "The file is not a video in any format that may be opened, or has no picture.",
    "TRUNCATED": "The file ends early; what could be read is not enough to compare.",
    "DECODE_FAILED": "The decoder could not make sense of the data.",
    "DECODE_TIMEOUT": "The decoder made no progress for the configured time.",
    "DECODER_CRASHED": "The decoder process died on this file.",
    "UNSUPPORTED_CODEC": "No decoder here knows this codec.",
    "TOO_FEW_FRAMES": "Too few distinct frames to compare: a still, black or flat film.",
    "FILE_CHANGED": "The file is not what the plan or the scan saw; it was left alone.",
    "FILE_VANISHED": "The file is gone.",
    "KEEPER_CHANGED": "The copy to be kept is not what the plan saw; its duplicate was left alone.",
    "KEEPER_VANISHED": "The copy to be kept is gone; its duplicate was left alone.",
    "NAME_TAKEN": "Every name the file could be given is taken.",
    "CROSS_DEVICE": "The step needs both places on one filesystem.",
    "LINK_UNSUPPORTED": "The filesystem cannot make this kind of link.",
    "PROTECTED": "The file lies in a protected folder.",
    "PERMISSION_DENIED": "The server's user may not read or move the file.",
    "NO_SPACE": "The disk is full.",
}
