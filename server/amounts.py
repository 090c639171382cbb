"""Numbers of files, bytes and seconds in the words of a person."""


def files(count: int) -> str:
    """Return a number of files."""
    return counted(count, "file")


def counted(count: int, noun: str) -> str:
    """Return a number of things; the plural takes an s."""
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


def size(count: int) -> str:
    """Return a number of bytes in decimal units, as disks are sold."""
    amount = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < 1000:  # noqa: PLR2004  # the step between units
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def duration(seconds: float) -> str:
    """Return a time as a player shows it: 5.2 s, 1:05, 1:02:03."""
    if seconds < 60:  # noqa: PLR2004  # seconds in a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
