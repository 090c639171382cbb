"""Comparing a pair or a group in full: the claim from the state, then the pictures themselves."""

import math
import time
from collections.abc import Sequence

from autodedup.engine.caller import Caller
from autodedup.engine.comparing.asked import Asked, asked_group, asked_pair
from autodedup.engine.comparing.claims import Claim, Claims
from autodedup.engine.comparing.facing import instants
from autodedup.engine.comparing.looking import Looker, unseen
from autodedup.engine.comparing.telling import Compared, Looked, told
from autodedup.engine.errors import FileError
from autodedup.engine.finding.basis import thresholds_of
from autodedup.engine.finding.run import refuse_empty_state
from autodedup.engine.library import Library, LibraryFile
from autodedup.engine.media.shots import Wanted
from autodedup.engine.roots import Roots
from autodedup.engine.settings import Settings
from autodedup.engine.store.database import Database
from autodedup.schemas.compare import CompareArguments
from autodedup.schemas.jobs import DEFAULT_WAIT_S, Progress

_REACH_SECONDS = 0.25  # by how much a stored match may be off
_MOST_AROUND = 9  # frames around an instant among which the facing one is looked for
_WIDE = 320  # pixels


def compare(
    db: Database, roots: Roots, settings: Settings, arguments: CompareArguments, caller: Caller
) -> Compared:
    """Compare two files, or a group with its keeper; writes nothing.

    It is no job that could be waited on, so it ends by itself when a job would answer that it is
    still running: what was not seen until then is told as a file that was not seen in time.

    Raises:
        NotIngestedError: The state is empty, or a file changed since.
        UnknownIdError: No such file or group.
        PathNotFoundError: A file is gone.
        InvalidArgumentError: Both are one file.
        CancelledError: Nobody waits for the answer any more.
    """
    until = math.inf if caller.waits_to_the_end else time.monotonic() + DEFAULT_WAIT_S
    refuse_empty_state(db)
    library = Library(db, roots)
    if arguments.group is not None:
        asked = asked_group(db, library, arguments.group)
    else:
        asked = asked_pair(library, Claims(db, settings), arguments, caller.gone)
    claims = Claims(db, settings, asked.basis)
    said = [claims.of(file, asked.against, caller.gone) for file in asked.files]
    seconds = instants([claim.facing for claim in said], arguments.frames)
    caller.report(Progress(done=0, total=len(asked.files) + 1, unit="files", doing="looking"))
    looker = Looker(roots, settings)
    left = max(0.0, until - time.monotonic())
    seen = looker.look(_wanted(asked, said, seconds), caller.gone, within_s=left)
    for file in (asked.against, *(asked.files if asked.group is None else ())):
        found = seen.get(file.row.id)
        stopped = unseen(file, found) if isinstance(found, FileError) else None
        if stopped is not None:
            raise stopped
    near_bits = thresholds_of(settings, "balanced").near_bits
    return told(Looked(asked, said, seconds, seen, near_bits, roots.shown_base))


def _wanted(
    asked: Asked, said: Sequence[Claim], seconds: Sequence[float]
) -> dict[LibraryFile, Wanted]:
    """Return which pictures to take of each file: of the others, all around each instant."""
    if not seconds:
        return {}
    wanted = {asked.against: Wanted(tuple(seconds), wide=_WIDE)}
    for file, claim in zip(asked.files, said, strict=True):
        faced = [claim.facing.in_file(second) for second in seconds]
        if any(second is not None for second in faced):
            # An instant that the file lacks is asked for as well, so that rows keep their numbers.
            wanted[file] = Wanted(
                tuple(0.0 if second is None else max(0.0, second) for second in faced),
                reach=_REACH_SECONDS,
                most=_MOST_AROUND,
                wide=_WIDE,
            )
    return wanted
