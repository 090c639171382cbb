"""A signature from a file: the same for the same bytes, near for another encode, or a reason."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autodedup.engine.embedding.calibration import WHOLE
from autodedup.engine.embedding.shapes import FULL, SMALL
from autodedup.engine.embedding.shapes import VIEWS as EMBEDDED_VIEWS
from autodedup.engine.embedding.storage import from_bytes
from autodedup.engine.errors import FileError
from autodedup.engine.footage.encode import Encoding, encode
from autodedup.engine.footage.film import Film, render_film
from autodedup.engine.footage.picture_edits import inside, padded
from autodedup.engine.signature.model import HASH_BYTES, Signature
from autodedup.engine.signature.quality import FAINT, FLAT
from autodedup.engine.signature.recipe import RECIPE
from autodedup.engine.signature.sign import sign
from autodedup.engine.signature.views import TURNS, VIEWS, turned


def signed(path: Path) -> Signature:
    return sign(os.fspath(path))


def embedded(path: Path) -> Signature:
    return sign(os.fspath(path), embedded=True)


def nearest_cosine(
    one: Signature, other: Signature, views: tuple[int, int] = (FULL, FULL)
) -> float:
    """Return the median product of the embeddings in these views of frames at the same times."""
    assert one.embeddings is not None
    assert other.embeddings is not None
    kept = [
        each.embeddings.rows[:, view]
        for each, view in zip((one, other), views, strict=True)
        if each.embeddings is not None
    ]
    places = [np.flatnonzero(rows.any(axis=1)) for rows in kept]
    times = [each.times_seconds[mine] for each, mine in zip((one, other), places, strict=True)]
    at = places[1][np.abs(times[0][:, None] - times[1][None]).argmin(axis=1)]
    mine, its = from_bytes(kept[0][places[0]]), from_bytes(kept[1][at])
    return float(np.median((mine * its).sum(axis=1)))


def nearest_bits(one: Signature, other: Signature, turn: str = "upright") -> float:
    """Return the median distance of frames at the same times, in bits of 256."""
    at = np.abs(one.times_seconds[:, None] - other.times_seconds[None]).argmin(axis=1)
    differing = turned(one.hashes[:, 0], turn) ^ other.hashes[at, 0]
    return float(np.median(np.bitwise_count(differing).sum(axis=-1)))


def test_a_signature_has_the_promised_shapes(video: Path) -> None:
    signature = signed(video)
    n = len(signature.times_seconds)

    assert signature.recipe == RECIPE
    assert signature.hashes.shape == (n, len(VIEWS), HASH_BYTES)
    assert signature.quality.shape == (n,)
    assert signature.anchor_whashes.shape == (3,)
    assert (np.diff(signature.times_seconds) > 0).all()
    assert (signature.quality >= FLAT).all()


def test_signing_twice_gives_the_same(video: Path) -> None:
    one, two = signed(video), signed(video)
    assert one.hashes.tobytes() == two.hashes.tobytes()
    assert one.anchor_whashes.tobytes() == two.anchor_whashes.tobytes()


def test_another_encode_is_near_and_its_anchors_agree(
    video: Path, film: Film, tmp_path: Path
) -> None:
    path = tmp_path / "other.webm"
    encode(film, path, Encoding(".webm", "libvpx-vp9", "libopus", quality=40))

    one, other = signed(video), signed(path)

    assert nearest_bits(one, other) < 20
    assert np.bitwise_count(one.anchor_whashes ^ other.anchor_whashes).mean() <= 10


def test_a_mirrored_encode_is_near_when_mirrored_back(
    video: Path, film: Film, tmp_path: Path
) -> None:
    path = tmp_path / "mirrored.mp4"
    encode(replace(film, frames=film.frames[:, :, ::-1].copy()), path, Encoding())

    one, other = signed(video), signed(path)

    best = min(TURNS, key=lambda turn: nearest_bits(one, other, turn))
    assert best == "mirror"
    assert nearest_bits(one, other, "mirror") < 20


def test_a_black_film_is_not_comparable_and_says_so(film: Film, tmp_path: Path) -> None:
    path = tmp_path / "black.mp4"
    encode(replace(film, frames=np.zeros_like(film.frames[:48])), path, Encoding(audio=None))

    with pytest.raises(FileError) as caught:
        signed(path)
    assert caught.value.code == "TOO_FEW_FRAMES"


def test_black_frames_in_a_film_are_kept_and_marked(film: Film, tmp_path: Path) -> None:
    frames = film.frames.copy()
    frames[:48] = 0
    path = tmp_path / "late.mp4"
    encode(replace(film, frames=frames), path, Encoding(audio=None))

    signature = signed(path)

    assert (signature.quality[signature.times_seconds < 1.8] < FLAT).all()
    assert (signature.quality[signature.times_seconds > 2.2] >= FLAT).all()


def test_embeddings_are_made_when_asked_for_and_change_nothing_else(video: Path) -> None:
    plain, whole = signed(video), embedded(video)

    assert plain.embeddings is None
    assert whole.embeddings is not None
    assert whole.embeddings.rows.shape == (
        len(whole.times_seconds),
        len(EMBEDDED_VIEWS),
        128,
    )
    assert whole.embeddings.rows.dtype == np.int8
    assert plain.hashes.tobytes() == whole.hashes.tobytes()


def test_the_embeddings_of_a_film_set_between_bars_are_those_of_the_film(
    video: Path, film: Film, tmp_path: Path
) -> None:
    barred, strange = tmp_path / "barred.mp4", tmp_path / "strange.mp4"
    encode(replace(film, frames=padded(film.frames, ends=1 / 5)), barred, Encoding())
    encode(render_film(6, size=(320, 180), seconds=6.0), strange, Encoding())

    one, other, third = embedded(video), embedded(barred), embedded(strange)

    assert nearest_cosine(one, other) > WHOLE["1 in 1,000,000"]
    assert nearest_cosine(one, third) < WHOLE["1 in 1,000"]


def test_a_film_within_another_is_embedded_by_itself_as_well(film: Film, tmp_path: Path) -> None:
    """What stands for the window next to it is the small whole of the film, not what is there."""
    around = render_film(77, size=(320, 180), seconds=6.0).frames
    both = replace(film, frames=inside(film.frames, around, share=0.5))
    paths = [tmp_path / "alone.mp4", tmp_path / "both.mp4"]
    for each, path in zip((film, both), paths, strict=True):
        encode(each, path)

    alone, within = (embedded(path) for path in paths)

    assert alone.inset is None
    assert within.inset is not None
    assert within.inset.share == pytest.approx(0.25, abs=0.02)
    assert EMBEDDED_VIEWS[within.inset.window] == "window 0.0 0.0"
    by_itself = nearest_cosine(alone, within, (SMALL, within.inset.window))
    assert by_itself > 0.85
    assert by_itself > nearest_cosine(alone, within, (SMALL, FULL)) + 0.3


def test_faint_frames_have_no_embedding(film: Film, tmp_path: Path) -> None:
    frames = film.frames.copy()
    frames[:48] = 0
    path = tmp_path / "late.mp4"
    encode(replace(film, frames=frames), path, Encoding(audio=None))

    signature = embedded(path)

    assert signature.embeddings is not None
    embedded_frames = signature.embeddings.rows.any(axis=(1, 2))
    assert embedded_frames.any()
    assert (signature.quality[embedded_frames] >= FAINT).all()


def run(code: str, *arguments: str) -> list[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")


def test_signing_loads_only_what_it_needs(video: Path) -> None:
    code = (
        "import sys\nfrom autodedup.engine.signature.sign import sign\nsign(sys.argv[1])\n"
        "print(*{'scipy', 'imagehash', 'torch', 'onnxruntime'} & set(sys.modules))"
    )
    assert run(code, os.fspath(video)) == ["", ""]


def test_where_the_model_cannot_run_a_film_is_signed_without_embeddings(video: Path) -> None:
    code = (
        "import sys\nfrom autodedup.engine.signature.sign import sign\n"
        "sys.modules['onnxruntime'] = None\n"
        "signature = sign(sys.argv[1], embedded=True)\n"
        "print(signature.embeddings, *signature.notes)"
    )
    (told, _) = run(code, os.fspath(video))
    assert told.startswith("None ")
    assert "onnxruntime" in told


@pytest.mark.corpus
@pytest.mark.skipif("AUTODEDUP_CORPUS" not in os.environ, reason="needs AUTODEDUP_CORPUS")
def test_every_clean_film_of_the_corpus_is_signed_or_flat_and_no_damage_escapes() -> None:
    corpus = Path(os.environ["AUTODEDUP_CORPUS"])
    unsigned: dict[str, str] = {}
    for entry in json.loads((corpus / "manifest.json").read_text()):
        if entry["kind"] != "video":
            continue
        damaged = entry["relation"] in {"corrupt", "mislabelled", "odd"}
        try:
            signature = signed(corpus / entry["file"])
        except FileError as error:
            if not damaged:
                unsigned[entry["file"]] = error.code
            continue
        if entry["decodes_clean"] and entry["duration_s"] and not damaged:
            assert signature.seen_seconds == pytest.approx(entry["duration_s"], abs=1.0)
    assert set(unsigned.values()) <= {"TOO_FEW_FRAMES"}
    assert len(unsigned) <= 5, unsigned
