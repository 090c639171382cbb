"""Frames laid side by side are the same instant of the film, to the frame, whatever was edited."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from conftest import PATIENT, ingest

from autodedup.engine.comparing.facing import Facing, instants
from autodedup.engine.footage import picture_edits, time_edits
from autodedup.engine.footage.encode import encode
from autodedup.engine.footage.film import Film, render_film
from autodedup.engine.match.model import Segment
from autodedup.engine.media.probe import probe
from autodedup.engine.media.reading import opened
from autodedup.engine.media.shots import Wanted, shots
from autodedup.engine.settings import Settings
from autodedup.engine.workbench import Workbench
from autodedup.schemas.compare import Alignment, CompareArguments

FRAME = 1 / 25
FILM_SECONDS = 30  # long enough to be looked at by seeking


@pytest.fixture(scope="module")
def original() -> Film:
    return render_film(77, size=(320, 180), seconds=FILM_SECONDS, fps=25)


@pytest.fixture(scope="module")
def bench(original: Film, tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    root = tmp_path_factory.mktemp("edits")
    edits: dict[str, Callable[[Film], Film]] = {
        "original": lambda film: film,
        "mirror": lambda film: replace(film, frames=picture_edits.mirrored(film.frames)),
        "clip": lambda film: time_edits.trimmed(film, 7.36, 24),
        "fast": lambda film: time_edits.sped_up(film, 1.25),
        "rate30": lambda film: time_edits.at_rate(film, 30),
    }
    for name, edit in edits.items():
        encode(edit(original), root / f"{name}.mp4")
    bench = Workbench(Settings(root=(root,)))
    assert ingest(bench).status == "complete"
    return bench


def aligned(bench: Workbench, name: str) -> Alignment:
    asked = CompareArguments(a=f"{name}.mp4", b="original.mp4", frames=8)
    (told,) = bench.compare(asked, PATIENT).answer.comparisons
    assert told.aligned is not None
    return told.aligned


@pytest.mark.parametrize(
    ("name", "speed", "offset", "view"),
    [("mirror", 1.0, 0.0, "mirror"), ("clip", 1.0, 7.36, None), ("fast", 1.25, 0.0, None),
     ("rate30", 1.0, 0.0, None)],
)  # fmt: skip
def test_each_pair_is_one_instant(
    bench: Workbench, name: str, speed: float, offset: float, view: str | None
) -> None:
    found = aligned(bench, name)
    assert (found.view, found.differing, found.missing) == (view, 0, 0)
    for pair in found.frames:
        assert abs(speed * pair.file + offset - pair.against) <= FRAME + 1e-6
    assert found.mean_bits is not None
    assert found.mean_bits < 12


def test_a_clip_that_was_cut_between_grid_points_is_aligned_to_the_very_frame(
    bench: Workbench,
) -> None:
    found = aligned(bench, "clip")
    assert {round(pair.against - pair.file, 3) for pair in found.frames} == {7.36}


@pytest.mark.parametrize("instant", [0.0, 11.48, 29.96])
def test_the_frame_asked_for_is_the_frame_given(
    original: Film, bench: Workbench, instant: float
) -> None:
    path = bench.settings.root[0] / "original.mp4"
    with opened(str(path)) as file:
        found = shots(file, probe(file), Wanted((instant,), reach=0.05, most=3), lambda _s: None)
    assert set(np.round(found.times_seconds / FRAME)) <= set(range(round(FILM_SECONDS / FRAME)))
    assert np.abs(found.times_seconds - instant).max() <= 0.05
    for time, picture in zip(found.times_seconds, found.pictures, strict=True):
        made = original.frames[round(time / FRAME)].astype(float)
        assert np.abs(picture.astype(float) - made).mean() < 12


def test_instants_are_chosen_where_all_files_have_pictures() -> None:
    whole, late = Facing.from_the_start(100), Facing((Segment(0, 30, 60, 90, 1.0),))
    assert all(60 < second < 90 for second in instants([whole, late], 6))
    early = Facing((Segment(0, 20, 10, 30, 1.0),))
    both = instants([early, late], 6)
    assert any(second < 30 for second in both)
    assert any(second > 60 for second in both)
    assert late.in_file(75) == 15
    assert late.in_file(10) is None
