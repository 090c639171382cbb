"""Write the tables of the README and docs from the code: `python tests/readme_tables.py`.

A table stands between `<!-- generated:NAME -->` and `<!-- /generated -->`. `make readme` does it.
"""

import re
import tempfile
from collections import defaultdict
from pathlib import Path

from autodedup.engine.store.database import Database
from autodedup.server.reference import (
    bounds_table,
    commands_table,
    errors_table,
    flags_table,
    tools_table,
)
from autodedup.tools.catalogue import CATALOGUE

PROJECT = Path(__file__).parents[1]
README = PROJECT / "README.md"
PAGES = (README, PROJECT / "docs/configuration.md", PROJECT / "docs/database.md")
_PLACE = re.compile(r"(<!-- generated:(\w+) -->\n).*?(<!-- /generated -->)", re.DOTALL)


def filled(text: str) -> str:
    """Return the text with every generated part made anew.

    Raises:
        KeyError: A part has a name that nothing generates.
    """
    tables = {
        "tools": lambda: tools_table(CATALOGUE),
        "commands": commands_table,
        "flags": flags_table,
        "errors": errors_table,
        "bounds": bounds_table,
        "database": database_table,
    }
    return _PLACE.sub(lambda found: f"{found[1]}{tables[found[2]]()}{found[3]}", text)


def database_table() -> str:
    """Return the tables of a new state database and their columns."""
    columns: dict[str, list[str]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as home:
        db = Database(Path(home) / "state.db")
        with db.read() as connection:
            # A virtual table keeps its own tables beside it ("shadow"): nothing to read in them.
            for table, column in connection.execute(
                "SELECT t.name, c.name FROM pragma_table_list t, pragma_table_info(t.name) c "
                "WHERE t.schema = 'main' AND t.type IN ('table', 'virtual') "
                "AND t.name NOT LIKE 'sqlite_%' AND t.name NOT GLOB '*_vector_chunks*' "
                "ORDER BY t.name, c.cid"
            ):
                columns[str(table)].append(f"`{column}`")
        db.close()
    rows = [f"| `{table}` | {', '.join(columns[table])} |" for table in sorted(columns)]
    return "\n".join(["| table | columns |", "|---|---|", *rows]) + "\n"


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(filled(page.read_text(encoding="utf-8")), encoding="utf-8")
