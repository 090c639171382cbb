"""Which folder a survivor belongs in, by the size of its picture."""

_SHELVES = ((1080, "HD_1080p+"), (720, "HD_720p"), (480, "SD_480p"), (0, "Low_Quality"))


def shelf_of(width: int, height: int) -> str:
    """Return the folder for a picture of this size; an upright film counts by its short side."""
    short_side = min(width, height)
    return next(name for least, name in _SHELVES if short_side >= least)
