"""`autodedup sign`: sign a folder of videos without any state, for `autodedup import` elsewhere."""

import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from autodedup.engine.errors import AutoDedupError
from autodedup.engine.portable.sign_anywhere import SigningRecipe, sign_folder
from autodedup.engine.workers.pool import WorkerPool, default_size
from autodedup.server.flags import FlagParser, add_settings, settings_from

INTERRUPTED = 24  # the exit status of CANCELLED


def main(argv: Sequence[str]) -> int:
    """Print a line of JSON for every video of a folder; return the exit status."""
    parser = FlagParser(
        prog="autodedup sign",
        description="Sign every video of a folder and print a line of JSON for each. Reads the "
        "folder, writes nothing: > signatures.jsonl, then autodedup import.",
        usage="DIR",
    )
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder, with all below it")
    parser.add_argument(
        "--no-copy", action="store_true", help="leave the embeddings of the copy tier out"
    )
    add_settings(parser)
    try:
        options = parser.parse_args(argv)
        settings = settings_from(options)
        recipe = SigningRecipe(embedded=not options.no_copy)
        size = settings.workers or default_size()
        with WorkerPool(size, timeout_s=settings.decode_timeout_s) as pool:
            lines = sign_folder(
                options.folder.absolute(),
                recipe,
                pool,
                extensions=settings.extensions,
                stop=threading.Event(),
            )
            for line in lines:
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
    except AutoDedupError as error:
        print(f"autodedup sign: {error.message} {error.hint}", file=sys.stderr)
        return error.fact().exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0
