"""Is this clip already in my library, whole or as a part of something?

python ask.py /path/to/videos /path/to/inbox/clip.mp4
python ask.py                # on films of its own: a clip that is there, and one that is not
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SMALL_LIBRARY = Path(__file__).parents[1] / "small_library.py"
WORDS = {
    "exact": "is, byte for byte,",
    "same_stream": "is, in another container,",
    "near": "is another encode of",
    "contains": "is a part of",
    "overlap": "shares some seconds with",
}


def autodedup(tool: str, arguments: dict[str, Any], *roots: Path) -> dict[str, Any]:
    """Call one tool and return its answer.

    Raises:
        CalledProcessError: It answered with an error; the exit status is the error's number.
    """
    where = [word for root in roots for word in ("--root", str(root))]
    command = ["autodedup", "call", tool, json.dumps(arguments), *where]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def where_is(clip: Path, library: Path) -> list[str]:
    """Return what in the library shows the same as the clip, in words; nothing if nothing does."""
    inbox = clip.parent
    autodedup("ingest", {"paths": [str(library), str(clip)]}, library, inbox)
    found = autodedup("find_duplicates", {"like": str(clip), "kinds": [*WORDS]}, library, inbox)
    return [line for group in found["groups"] for line in said(group, clip)]


def said(group: dict[str, Any], clip: Path) -> list[str]:
    """Return the group in words. Every file of it is related to its keeper, and only to that."""
    keeper = next(file for file in group["files"] if file["id"] == group["keep"])
    ours = next(file for file in group["files"] if Path(file["path"]).name == clip.name)
    if ours is keeper:
        others = [file for file in group["files"] if file is not keeper]
        return [f"{clip.name} is the better copy of {file['path']}" for file in others]
    spans = [span["b"] for span in ours.get("evidence", {}).get("overlap", [])]
    seconds = ", ".join(f"{start:.0f}-{end:.0f} s" for start, end in spans)
    return [f"{clip.name} {WORDS[ours['relation']]} {keeper['path']} {seconds}".strip()]


def on_its_own(home: Path) -> None:
    subprocess.run([sys.executable, SMALL_LIBRARY, home / "library"], check=True)
    subprocess.run([sys.executable, SMALL_LIBRARY, home / "inbox", "--inbox"], check=True)

    there = where_is(home / "inbox/clip.mp4", home / "library")
    print(*there, sep="\n")
    assert there == ["clip.mp4 is a part of film.webm 2-7 s"], there
    assert where_is(home / "inbox/stranger.mp4", home / "library") == []
    print("✔ the clip is a part of a film in the library, the stranger is not")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        told = where_is(Path(sys.argv[2]).absolute(), Path(sys.argv[1]))
        print(*told or ["not in the library"], sep="\n")
        sys.exit(0 if told else 1)
    with tempfile.TemporaryDirectory() as folder:
        on_its_own(Path(folder))
