"""Which AutoDedup this is."""

from functools import cache
from importlib import metadata


@cache
def version() -> str:
    """Return the version of the installed distribution."""
    return metadata.version("autodedup")
