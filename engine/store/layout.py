"""The database described by itself: its version, and the SQL its tables are made with."""

from pydantic import JsonValue

from autodedup.engine.store.database import migrations


def database_layout() -> dict[str, JsonValue]:
    """Return the schema version and every migration's SQL."""
    scripts = migrations()
    return {
        "schema_version": len(scripts),
        "sql": list(scripts),
        "notes": "SQLite in WAL mode; reading it with other tools is safe while we run.",
    }
