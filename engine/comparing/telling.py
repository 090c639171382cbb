"""What was claimed and what was seen, put into words, numbers and pictures. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from autodedup.engine.comparing.aligned import Aligned, Laid, lay
from autodedup.engine.comparing.asked import Asked
from autodedup.engine.comparing.claims import Claim
from autodedup.engine.comparing.likeness import ALIKE, cosines
from autodedup.engine.comparing.sheet import Cell, Column, Drawn, draw
from autodedup.engine.errors import FileError
from autodedup.engine.finding.evidence import group_file
from autodedup.engine.library import LibraryFile
from autodedup.engine.match.meaning import MEANING_VIEW
from autodedup.engine.match.sights import EMBEDDED_VIEW
from autodedup.engine.media.shots import Shots
from autodedup.schemas.compare import (
    AlignedFrames,
    Alignment,
    CompareAnswer,
    Comparison,
    Problem,
    Sheet,
)
from autodedup.schemas.evidence import Evidence
from autodedup.schemas.find_duplicates import GroupFile


@dataclass(frozen=True, slots=True)
class Compared:
    """The answer, and the contact sheet as a JPEG where one could be made."""

    answer: CompareAnswer
    sheet: bytes | None


@dataclass(frozen=True, slots=True)
class Looked:
    """Everything there is to tell of.

    asked      the files
    said       the claim on each of them, in their order
    seconds    the instants looked at, in seconds of the file they are compared with
    seen       by file number, the pictures, or why there are none
    near_bits  frames further apart than this differ
    base       the folder that paths are relative to, as it is shown
    """

    asked: Asked
    said: Sequence[Claim]
    seconds: Sequence[float]
    seen: Mapping[int, Shots | FileError]
    near_bits: int
    base: str


def told(looked: Looked) -> Compared:
    """Return the answer and the contact sheet."""
    return _Telling(looked).compared()


class _Telling:
    """Puts what was claimed and what was seen into words, numbers and pictures."""

    def __init__(self, looked: Looked) -> None:
        self._asked, self._said = looked.asked, looked.said
        self._seconds, self._seen = looked.seconds, looked.seen
        self._near_bits, self._base = looked.near_bits, looked.base
        shots = looked.seen.get(looked.asked.against.row.id)
        self._against = shots if isinstance(shots, Shots) else None

    def compared(self) -> Compared:
        laid = [
            self._laid(file, claim)
            for file, claim in zip(self._asked.files, self._said, strict=True)
        ]
        sheet, told = None, None
        if self._against is not None:
            sheet = draw(self._columns(self._against, laid))
            told = self._sheet(sheet, laid)
        everyone = (self._asked.against, *self._asked.files)
        shown = len(self._asked.files)
        total = self._asked.total
        rest = f"{shown} of {total} files are compared; name two files with a and b for the others"
        return Compared(
            CompareAnswer(
                base=self._base,
                against=self._asked.against.id,
                group=self._asked.group,
                files=tuple(group_file(file) for file in everyone),
                comparisons=tuple(self._comparison(n, one) for n, one in enumerate(laid)),
                comparisons_total=total,
                truncated=rest if shown < total else None,
                sheet=told,
                notes=self._notes(),
            ),
            None if sheet is None else sheet.jpeg,
        )

    def _laid(self, file: LibraryFile, claim: Claim) -> Laid | None:
        shots = self._seen.get(file.row.id)
        if self._against is None or not isinstance(shots, Shots):
            return None
        expected = {}
        for row, second in zip(
            self._against.rows.tolist(), self._against.times_seconds.tolist(), strict=True
        ):
            # By the frame's own time: it need not lie exactly at the instant asked for.
            faced = claim.facing.in_file(self._seconds[row])
            if faced is not None:
                expected[row] = faced + (second - self._seconds[row]) / claim.facing.speed_at(
                    self._seconds[row]
                )
        laid = lay(shots, self._against, expected, claim.view)
        if claim.view not in {EMBEDDED_VIEW, MEANING_VIEW} or not laid.pairs:
            return laid
        found = cosines(
            shots.pictures[[pair.file for pair in laid.pairs]],
            self._against.pictures[[pair.against for pair in laid.pairs]],
        )
        if found is None:
            return laid
        seen = [replace(pair, cosine=c) for pair, c in zip(laid.pairs, found, strict=True)]
        return replace(laid, view=claim.view or "", pairs=tuple(seen))

    def _differs(self, pair: Aligned) -> bool:
        return pair.bits > self._near_bits if pair.cosine is None else pair.cosine < ALIKE

    def _comparison(self, number: int, laid: Laid | None) -> Comparison:
        file, claim = self._asked.files[number], self._said[number]
        relation, confidence = claim.relation, claim.confidence
        if relation is None and self._asked.kinds and self._asked.kinds[number] == "semantic":
            relation = "semantic"
        return Comparison(
            file=file.id,
            relation=relation,
            confidence=confidence,
            evidence=None if claim.evidence == Evidence() else claim.evidence,
            aligned=None if laid is None else self._alignment(file, laid),
            problem=self._problem(file),
        )

    def _alignment(self, file: LibraryFile, laid: Laid) -> Alignment:
        shots, against = self._seen[file.row.id], self._against
        if against is None or not isinstance(shots, Shots):  # pragma: no cover - it was laid
            raise AssertionError(file.id)
        bits = [pair.bits for pair in laid.pairs if pair.cosine is None]
        return Alignment(
            shift_s=laid.shift,
            view=None if laid.view == "full" else laid.view,
            mean_bits=round(sum(bits) / len(bits), 1) if bits else None,
            worst_bits=max(bits, default=None),
            differing=sum(map(self._differs, laid.pairs)),
            missing=len(self._seconds) - len(laid.pairs),
            frames=tuple(
                AlignedFrames(
                    file=round(float(shots.times_seconds[pair.file]), 3),
                    against=round(float(against.times_seconds[pair.against]), 3),
                    bits=pair.bits if pair.cosine is None else None,
                    cosine=pair.cosine,
                    differs=self._differs(pair),
                )
                for pair in laid.pairs
            ),
        )

    def _problem(self, file: LibraryFile) -> Problem | None:
        found = self._seen.get(file.row.id)
        if isinstance(found, FileError):
            return Problem(code=found.code, detail=found.detail)
        if file.signature is None and file.row.code is not None:
            return Problem(code=file.row.code, detail=file.row.detail or "")
        return None

    def _notes(self) -> tuple[str, ...]:
        notes = []
        if self._asked.gone:
            notes.append(f"Gone since the groups were found: {', '.join(self._asked.gone[:20])}.")
        if any(claim.relation is None for claim in self._said):
            notes.append(
                "Where no relation is told, nothing links the files; their frames are shown at "
                "the same seconds."
            )
        kept = self._problem(self._asked.against)
        if kept is not None:
            notes.append(f"{self._asked.against.id} cannot be looked at: {kept.detail}")
        elif self._against is None:
            notes.append("No pictures were taken: what is known of the files names no instant.")
        return tuple(notes)

    def _columns(self, against: Shots, laid: Sequence[Laid | None]) -> list[Column]:
        rows = range(len(self._seconds))
        kept: dict[int, Cell] = {
            row: Cell(against.pictures[place], _clock(float(against.times_seconds[place])))
            for place, row in enumerate(against.rows.tolist())
        }
        columns = [
            Column(
                f"{self._asked.against.id} - {'keep' if self._asked.group else 'b'}",
                _facts(group_file(self._asked.against)),
                tuple(kept.get(row) for row in rows),
                kept=self._asked.group is not None,
            )
        ]
        for file, claim, one in zip(self._asked.files, self._said, laid, strict=True):
            shots = self._seen.get(file.row.id)
            cells: dict[int, Cell] = {}
            if one is not None and isinstance(shots, Shots):
                cells = {
                    pair.row: Cell(
                        shots.pictures[pair.file],
                        f"{_clock(float(shots.times_seconds[pair.file]))}   {_apart(pair)}",
                        self._differs(pair),
                    )
                    for pair in one.pairs
                }
            words: str = claim.relation or "no match"
            if one is not None and one.view != "full":
                words += f", {one.view}"
            columns.append(
                Column(
                    f"{file.id} - {words}",
                    _facts(group_file(file)),
                    tuple(cells.get(row) for row in rows),
                )
            )
        return columns

    def _sheet(self, drawn: Drawn, laid: Sequence[Laid | None]) -> Sheet:
        marked = sum(self._differs(pair) for one in laid if one is not None for pair in one.pairs)
        return Sheet(
            columns=(self._asked.against.id, *(file.id for file in self._asked.files)),
            rows=len(self._seconds),
            width=drawn.width,
            height=drawn.height,
            bytes=len(drawn.jpeg),
            marked=marked,
        )


def _facts(file: GroupFile) -> str:
    size = f"{file.bytes / 1e6:.1f} MB" if file.bytes else ""
    picture = "" if file.width is None else f"{file.width}x{file.height}"
    rate = "" if file.kbps is None else f"{file.kbps} kb/s"
    return "  ".join(part for part in (picture, file.codec, rate, size) if part)


def _apart(pair: Aligned) -> str:
    if pair.cosine is not None:
        return f"cosine {pair.cosine:.2f}"
    return f"{pair.bits} of 256 bits differ"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 2), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:05.2f}" if hours else f"{minutes}:{rest:05.2f}"
