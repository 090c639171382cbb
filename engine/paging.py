"""Pages of long lists: opaque cursors, and a budget of bytes so that no answer floods a context."""

import base64
import binascii
import json
from collections.abc import Sequence

from pydantic import JsonValue

from autodedup.engine.errors import CursorExpiredError

DEFAULT_BYTES = 6_500  # what the lists of a default answer may weigh; the whole stays under 8 kB
ERRORS_BYTES = 4_000  # what the list of things not done may weigh beside the rest of an answer
LARGEST_BYTES = 60_000  # for a client that asked for a page size: under 20,000 tokens
_MOST = 10**18  # of which SQLite's numbers hold the next ones too


def write_cursor(list_id: str, place: int) -> str:
    """Return a cursor to the given place in a stored list."""
    return base64.urlsafe_b64encode(f"{list_id}.{place}".encode("ascii")).decode().rstrip("=")


def read_cursor(cursor: str, prefix: str) -> tuple[int, int]:
    """Return the number of the list (`prefix` is its letter) and the place in it.

    Raises:
        CursorExpiredError: It is not a cursor of such a list.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
        list_id, place = text.split(".")
        number, at = int(list_id[len(prefix) :]), int(place)
        if not list_id.startswith(prefix) or not (0 < number < _MOST and 0 <= at < _MOST):
            raise ValueError(list_id)
    except (ValueError, binascii.Error) as error:
        raise CursorExpiredError("The cursor is not one of this list's.") from error
    return number, at


def weight(value: JsonValue) -> int:
    """Return how many bytes a value takes on the wire."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8"))


def fitting(weights: Sequence[int], budget: int) -> int:
    """Return how many of the first items fit into the budget; at least one, if there is one."""
    total = 0
    for n, size in enumerate(weights):
        total += size + 1
        if total > budget and n > 0:
            return n
    return len(weights)
