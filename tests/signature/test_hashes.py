"""The hashes of pictures: turns by permutation, wavelets bit for bit, flatness recognised."""

import imagehash
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from autodedup.engine.footage.film import Film
from autodedup.engine.signature.perceptual import coefficients, hashes_of
from autodedup.engine.signature.quality import FLAT, quality_of
from autodedup.engine.signature.views import CROPS, TURNS, VIEWS, turned, turned_picture
from autodedup.engine.signature.wavelet import whashes

Pictures = NDArray[np.uint8]


def bits(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.bitwise_count(a ^ b).sum(axis=-1, dtype=np.int64)


def full(pictures: Pictures) -> NDArray[np.uint8]:
    return hashes_of(coefficients(pictures))[:, 0]


@pytest.fixture(scope="module")
def frames(film: Film) -> Pictures:
    """Twelve luma frames of a film."""
    weights = np.array([0.299, 0.587, 0.114])
    return (film.frames[::12] @ weights).astype(np.uint8)


@pytest.mark.parametrize("turn", TURNS)
def test_the_hash_of_a_turned_picture_follows_from_the_upright_one(
    turn: str, frames: Pictures
) -> None:
    # Rounding may tip a coefficient that is all but zero.
    assert bits(full(turned_picture(frames, turn)), turned(full(frames), turn)).max() <= 2


def test_the_names_of_the_turns_say_what_they_do(frames: Pictures) -> None:
    assert (turned_picture(frames, "mirror") == frames[:, :, ::-1]).all()
    assert (turned_picture(frames, "turn90") == np.rot90(frames, 1, axes=(1, 2))).all()
    assert (turned_picture(frames, "turn180") == np.rot90(frames, 2, axes=(1, 2))).all()
    mirrored = np.rot90(frames[:, :, ::-1], 3, axes=(1, 2))
    assert (turned_picture(frames, "mirror270") == mirrored).all()


def test_the_eight_turns_are_all_different(frames: Pictures) -> None:
    seen = {turned(full(frames)[0], turn).tobytes() for turn in TURNS}
    assert len(seen) == len(TURNS) == 8


@given(st.binary(min_size=64, max_size=64), st.sampled_from(TURNS))
def test_turning_keeps_distances(raw: bytes, turn: str) -> None:
    one, other = np.frombuffer(raw, np.uint8).reshape(2, 32)
    assert bits(turned(one, turn), turned(other, turn)) == bits(one, other)


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_the_hash_of_the_centred_crop(view: str, frames: Pictures) -> None:
    height, width = frames.shape[1:]
    tall, wide = round(CROPS[view][0] * height / 2), round(CROPS[view][1] * width / 2)
    crop = frames[:, height // 2 - tall : height // 2 + tall, width // 2 - wide : width // 2 + wide]

    stored = hashes_of(coefficients(frames))[:, VIEWS.index(view)]

    # The crop here is cut at whole pixels, the view is not.
    assert np.median(bits(full(crop), stored)) <= 12


def test_other_pictures_are_far_away(frames: Pictures) -> None:
    rng = np.random.default_rng(3)
    others = rng.integers(0, 256, (12, 9, 16), dtype=np.uint8).repeat(20, 1).repeat(20, 2)
    assert bits(full(frames)[:, None], full(others)[None]).min() > 80


def test_size_and_shape_of_the_picture_hardly_matter(frames: Pictures) -> None:
    small = np.stack([np.asarray(Image.fromarray(f).resize((100, 100))) for f in frames])
    assert bits(full(frames), full(small)).mean() < 12


def test_flat_and_black_pictures_are_recognised(frames: Pictures) -> None:
    flat = np.stack([np.full((90, 160), level, dtype=np.uint8) for level in (0, 16, 128, 255)])
    faint = np.clip(np.random.default_rng(1).normal(16, 2, (4, 90, 160)), 0, 255).astype(np.uint8)

    assert (quality_of(coefficients(flat)[:, 0]) < FLAT).all()
    assert (quality_of(coefficients(faint)[:, 0]) < FLAT).all()
    assert (quality_of(coefficients(frames)[:, 0]) > FLAT).all()
    assert quality_of(coefficients(frames)[:, 0]).max() <= 1.0


def expected(picture: Pictures) -> int:
    return int(str(imagehash.whash(Image.fromarray(picture))), 16)


def test_the_wavelet_hash_is_that_of_imagehash(frames: Pictures) -> None:
    ramp = np.add.outer(np.arange(144), np.arange(256)).astype(np.uint8)
    rng = np.random.default_rng(2)
    batches: list[Pictures] = [
        frames,
        frames[:, :130, :77].copy(),
        np.stack([ramp, ramp[::-1], ramp.T[:144].repeat(2, 1)[:, :256]]),
        np.stack([np.full((128, 228), level, np.uint8) for level in (0, 1, 77, 255)]),
        rng.integers(0, 256, (40, 128, 228), dtype=np.uint8),
        rng.integers(0, 256, (8, 8, 9), dtype=np.uint8),
        rng.integers(0, 256, (8, 16, 200), dtype=np.uint8),
        rng.integers(0, 2, (30, 128, 128), dtype=np.uint8) * 255,
    ]
    for batch in batches:
        assert [int(value) for value in whashes(batch)] == [expected(p) for p in batch]


@settings(max_examples=60, deadline=None)
@given(st.integers(8, 70), st.integers(8, 70), st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_the_wavelet_hash_is_that_of_imagehash_at_any_size(
    height: int, width: int, seed: int, cells: int
) -> None:
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (1 + cells, 1 + cells), dtype=np.uint8)
    picture = np.asarray(Image.fromarray(coarse).resize((width, height)))
    assert int(whashes(picture[None])[0]) == expected(picture)
