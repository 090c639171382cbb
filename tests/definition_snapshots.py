"""Write down what every tool says of itself: `python tests/definition_snapshots.py`.

A definition is what a model reads in every conversation, so a change to one is a change to be
reviewed: the files beside the tests show it as a difference. `make definitions` does the same.
"""

import json
from pathlib import Path

from autodedup.server.definitions import definition
from autodedup.tools.catalogue import CATALOGUE

FOLDER = Path(__file__).parent / "server" / "definitions"


def snapshots() -> dict[str, str]:
    """Return the text of every file, by its name."""
    return {
        f"{tool.name}.json": json.dumps(
            definition(tool).model_dump(mode="json", by_alias=True, exclude_none=True), indent=1
        )
        + "\n"
        for tool in CATALOGUE
    }


if __name__ == "__main__":
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for name, text in snapshots().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
