"""Write the README's tables from the code: `python tests/readme_tables.py`, or `make readme`.

A table stands between `<!-- generated:NAME -->` and `<!-- /generated -->`.
"""

import re
from pathlib import Path

from autodedup.server.reference import errors_table, flags_table, tools_table
from autodedup.tools.catalogue import CATALOGUE

README = Path(__file__).parents[1] / "README.md"
_PLACE = re.compile(r"(<!-- generated:(\w+) -->\n).*?(<!-- /generated -->)", re.DOTALL)


def filled(text: str) -> str:
    """Return the text with every generated part made anew.

    Raises:
        KeyError: A part has a name that nothing generates.
    """
    tables = {
        "tools": lambda: tools_table(CATALOGUE),
        "flags": flags_table,
        "errors": errors_table,
    }
    return _PLACE.sub(lambda found: f"{found[1]}{tables[found[2]]()}{found[3]}", text)


if __name__ == "__main__":
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
