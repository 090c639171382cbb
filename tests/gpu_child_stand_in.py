"""The process of the GPU on a machine without one: the stand-in decodes, torch works on the CPU.

CRASH_ON and HANG_ON name a part of a path: the process dies on such a film, or never answers.
"""

import os
import signal
import threading
from pathlib import Path

from nvdec_stand_in import stand_in

from autodedup.engine.gpu.child import Service
from autodedup.engine.gpu.chip import chip_of
from autodedup.engine.workers.child import die_with_parent, own_pipes


def main() -> None:
    asking, answering = own_pipes()
    die_with_parent()
    nvc = stand_in()
    opens = nvc.SimpleDecoder._open

    def or_worse(decoder: object, name: str) -> None:
        path = os.fspath(Path(name).readlink())
        if (crash := os.environ.get("CRASH_ON")) and crash in path:
            os.kill(os.getpid(), signal.SIGSEGV)
        if (hang := os.environ.get("HANG_ON")) and hang in path:
            threading.Event().wait()
        opens(decoder, name)

    nvc.SimpleDecoder._open = or_worse
    Service(answering, nvc, chip_of(nvc, "stand-in"), "cpu").run(asking)


if __name__ == "__main__":
    main()
