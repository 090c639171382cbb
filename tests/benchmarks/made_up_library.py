"""A large library that exists in the state only: signatures of films that were never shot.

Most films are strangers to each other. Planted among them are copies, trims, series with one
intro, a test card that many show, and black frames; `Planted` says which.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import numpy as np
from numpy.typing import NDArray

from autodedup.engine.media.facts import DecodeRoute, MediaFacts
from autodedup.engine.signature.model import Signature
from autodedup.engine.signature.recipe import RECIPE
from autodedup.engine.signature.views import VIEWS
from autodedup.engine.store import files, generation, roots, signatures
from autodedup.engine.store.database import Database
from autodedup.engine.store.files import Stat

Waves = NDArray[np.float32]  # (N, V, 256) coefficients of every view

COPIES, TRIMS, WITH_INTRO, WITH_CARD, WITH_BLACK = 0.10, 0.03, 0.20, 0.30, 0.50  # shares of films
INTROS = 20
INTRO_FRAMES, CARD_FRAMES, BLACK_FRAMES = 8, 4, 6
SCENE_FRAMES = 3  # one frame a second, a cut every three
NOISE = 0.15  # of a copy, beside coefficients of spread 1


@dataclass(frozen=True)
class Planted:
    """What ought to be found: files of one family are copies or trims of one film."""

    family: dict[int, int] = field(default_factory=dict)  # file number -> number of its film

    @property
    def redundant(self) -> int:
        """Return how many files have an older relative."""
        return len(self.family) - len(set(self.family.values()))


class Films:
    """Films by number; asking twice gives the same film."""

    def __init__(self, seed: int, frames: int) -> None:
        self._seed, self._frames = seed, frames
        # Every frame of the world leans the same way a little: sky is above, ground below.
        common = np.random.default_rng(seed).normal(size=256).astype(np.float32)
        fading = 1.0 / (1.0 + np.arange(16)[:, None] + np.arange(16)[None, :])
        self._lean = 0.8 * common * fading.ravel().astype(np.float32)
        views = range(1, len(VIEWS))
        self._mixed = [np.random.default_rng((seed, view)).permutation(256) for view in views]

    def strange(self, number: int) -> Waves:
        """Return a film of its own, with an intro, a test card or black where its number says."""
        chance = np.random.default_rng((self._seed, 1, number))
        scenes = -(-self._frames // SCENE_FRAMES)
        start, drift = chance.normal(size=(2, scenes, 256)).astype(np.float32)
        inside = np.arange(SCENE_FRAMES, dtype=np.float32)[None, :, None]
        whole = (start[:, None] + 0.4 * inside * drift[:, None]).reshape(-1, 256) + self._lean
        whole = whole[: self._frames]
        kind = chance.random(3)
        if kind[0] < WITH_INTRO:
            whole[:INTRO_FRAMES] = self._shared(int(chance.integers(INTROS)), INTRO_FRAMES)
        if kind[1] < WITH_CARD:
            whole[-CARD_FRAMES:] = self._shared(INTROS, 1)
        if kind[2] < WITH_BLACK:
            at = int(chance.integers(INTRO_FRAMES, self._frames - CARD_FRAMES - BLACK_FRAMES))
            whole[at : at + BLACK_FRAMES] = np.nan
        return np.stack([whole, *(whole[:, m] for m in self._mixed)], axis=1)

    def _shared(self, number: int, frames: int) -> NDArray[np.float32]:
        chance = np.random.default_rng((self._seed, 2, number))
        return chance.normal(size=(frames, 256)).astype(np.float32) + self._lean

    def signed(self, waves: Waves, number: int) -> Signature:
        """Return the signature of one encode of a film; every encode has noise of its own."""
        chance = np.random.default_rng((self._seed, 3, number))
        black = np.isnan(waves[:, 0, 0])
        noisy = np.nan_to_num(waves) + NOISE * chance.normal(size=waves.shape).astype(np.float32)
        hashes = np.packbits(noisy > 0, axis=2)
        frames = len(waves)
        return Signature(
            recipe=RECIPE,
            facts=MediaFacts(
                container="mov,mp4,m4a,3gp,3g2,mj2",
                codec="h264",
                width=1920,
                height=1080,
                rotation=0,
                duration_seconds=float(frames),
                frames_per_second=25.0,
                bitrate_bps=4_000_000 + number % 1000,
                pixel_format="yuv420p",
                audio_codec="aac",
                audio_channels=2,
            ),
            route=DecodeRoute(decoder="pyav", why="made up"),
            seen_seconds=float(frames),
            shown_share=1.0,
            inset=None,
            times_seconds=np.arange(frames, dtype=np.float64),
            hashes=hashes,
            quality=np.where(black, 0.0, 0.7).astype(np.float32),
            anchor_whashes=chance.integers(0, 1 << 63, size=3, dtype=np.uint64),
        )


def fill(db: Database, root: Path, videos: int, frames: int, seed: int = 1) -> Planted:
    """Write a library of made-up videos into a state."""
    films, planted = Films(seed, frames), Planted()
    chance = np.random.default_rng((seed, 4))
    root_id = roots.register(db, (root,))[0].id
    originals: list[int] = []
    for start in range(0, videos, 100):
        with db.atomic() as connection:
            for number in range(start, min(start + 100, videos)):
                drawn = chance.random() if originals else 1.0
                if drawn < COPIES + TRIMS:
                    film = originals[int(chance.integers(len(originals)))]
                else:
                    film = number
                    originals.append(number)
                waves = films.strange(film)
                if COPIES <= drawn < COPIES + TRIMS:
                    first = int(chance.integers(INTRO_FRAMES, frames // 3))
                    waves = waves[first : first + frames // 2]
                signature = films.signed(waves, number)
                planted.family[add(connection, root_id, number, signature)] = film
            generation.advance(connection)
    return planted


def add(connection: apsw.Connection, root_id: int, number: int, signature: Signature) -> int:
    """Write one signed file and return its number."""
    size = 10_000_000 + 1000 * number
    stat = Stat(size=size, mtime_ns=number, device=1, inode=number + 1)
    file_id = files.add(connection, root_id, f"film {number:06d}.mp4", stat)
    edges = hashlib.sha256(number.to_bytes(8, "little")).digest()
    files.set_edges(connection, file_id, edges)
    signed = signatures.add(connection, signature, "exact,perceptual")
    files.set_signature(connection, file_id, signed)
    return file_id
