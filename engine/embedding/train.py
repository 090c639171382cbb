"""Train the copy network: one command, seeded, and taken up again where it was stopped.

    python -m autodedup.engine.embedding.train --folder work --fetch-photographs

draws the pictures (a minute), trains, and leaves `work/network.pt`, which `export` turns into the
model file. A step is the same whenever it is run: its lots are drawn from the seed and its number.
"""

import argparse
import math
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from autodedup.engine.embedding.edits import Reach, pairs
from autodedup.engine.embedding.framing import Rects, Size, covered, levels_of, whole
from autodedup.engine.embedding.gallery import Gallery, make_gallery
from autodedup.engine.embedding.network import CELL, DIMENSIONS, CopyNetwork, pooled
from autodedup.engine.embedding.objective import Memory, copy_loss, found_share
from autodedup.engine.embedding.photographs import fetch
from autodedup.engine.embedding.pictures import marks

_NEAR: Final = Reach(0.6, 0.72)  # of two copies that are compared whole
_NEAR_SHARE: Final = 0.3  # of the steps
_EASIEST: Final = Reach(0.75, 0.75)  # of the first steps; a network that knows nothing learns
_HARDENING: Final = 0.5  # little from what is hard. After this share of the steps all is hard.
_WARM_UP: Final = 100  # steps
_SAVE_EVERY: Final = 100  # steps
_TELL_EVERY: Final = 25
# Answers of a network that still learns fast are strangers to its later ones.
_REMEMBERING: Final = 0.6  # of the steps pass before answers are remembered
_WARMEST: Final = 0.3  # temperatures of the contrast
_COLDEST: Final = 0.07


@dataclass(frozen=True, slots=True)
class Stage:
    """Sizes, height and width in pixels, of the large and small copies up to a share of the steps.

    Most is learned on smaller pictures than the engine will show, at a fraction of the cost.
    """

    until: float
    large: tuple[Size, ...]
    small: tuple[Size, ...]
    apart: Reach


_STAGES: Final = (
    Stage(0.45, ((64, 64), (48, 80), (80, 48)), ((48, 48), (32, 64), (64, 32)), Reach(0.4, 0.4)),
    Stage(
        0.8,
        ((96, 96), (64, 128), (128, 64), (80, 112), (112, 80)),
        ((64, 64), (48, 80), (80, 48)),
        Reach(0.36, 0.4),
    ),
    Stage(
        1.0,
        ((96, 160), (96, 160), (160, 96), (128, 128)),
        ((48, 80), (48, 80), (80, 48), (64, 64)),
        Reach(0.28, 0.36),
    ),
)


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what a run learns.

    `photo_share` of every batch are photographs, where there are any.
    """

    seed: int = 1
    steps: int = 4000
    batch: int = 128
    learning_rate: float = 2.5e-3
    weight_decay: float = 0.02
    photo_share: float = 0.6
    squares: int = 14
    drawn: int = 5000
    bfloat16: bool = False


@dataclass(slots=True, eq=False)
class Run:
    """A training run in progress."""

    network: CopyNetwork
    optimiser: torch.optim.AdamW
    memory: Memory
    step: int = 0

    @classmethod
    def begin(cls, recipe: Recipe, device: torch.device) -> "Run":
        """Return a run that has not taken a step."""
        torch.manual_seed(recipe.seed)
        network = CopyNetwork().to(device)
        optimiser = torch.optim.AdamW(
            network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        nothing = Memory(
            torch.empty(0, DIMENSIONS, device=device),
            torch.empty(0, dtype=torch.int64, device=device),
        )
        return cls(network, optimiser, nothing)

    def save(self, path: Path, recipe: Recipe) -> None:
        """Write everything needed to go on; a half-written file never takes the place of one."""
        state = {
            "recipe": asdict(recipe),
            "step": self.step,
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "memory": (self.memory.answers, self.memory.sources),
        }
        torch.save(state, partial := path.with_suffix(".part"))
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Take up the run that was saved."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        answers, sources = state["memory"]
        device = self.memory.answers.device
        self.memory = Memory(answers.to(device), sources.to(device))
        self.step = int(state["step"])


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Large and small copies of B pictures, which part of each to describe, and their sources.

    `in_large` and `in_small` are (B, 1, places) and add up to 1.
    """

    large: Tensor
    small: Tensor
    in_large: Tensor
    in_small: Tensor
    sources: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Return the batch in the memory of a device."""
        parts = (self.large, self.small, self.in_large, self.in_small, self.sources)
        return Batch(*(part.to(device) for part in parts))


class Batches(Dataset[Batch]):
    """The batch of every step."""

    def __init__(self, recipe: Recipe, gallery: Gallery) -> None:
        self._recipe, self._gallery = recipe, gallery
        self._chances = chances(gallery, recipe.photo_share)
        overlays = torch.from_numpy(marks(recipe.seed, 256, (96, 16)))
        self._overlays = overlays.permute(0, 3, 1, 2).float() / 255

    def __len__(self) -> int:
        return self._recipe.steps

    def __getitem__(self, step: int) -> Batch:
        """Draw the batch of this step: the same one whenever it is asked for."""
        recipe = self._recipe
        lots = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        chosen = torch.multinomial(self._chances, recipe.batch, generator=lots).sort().values
        pictures, halves = (
            torch.from_numpy(kept[chosen.numpy()])
            for kept in (self._gallery.pictures, self._gallery.halves)
        )
        done = step / recipe.steps
        stage = next(each for each in _STAGES if done < each.until)
        near = float(torch.rand(1, generator=lots)) < _NEAR_SHARE
        sizes = (
            _one_of(stage.large, lots),
            _one_of(stage.large if near else stage.small, lots),
        )
        reach = _NEAR if near else _hardened(stage.apart, done)
        drawn = pairs(levels_of(pictures, halves), sizes, reach, self._overlays, lots)
        everything = whole(len(drawn.taken), lots.device)
        return Batch(
            large=drawn.large.contiguous(memory_format=torch.channels_last),
            small=drawn.small.contiguous(memory_format=torch.channels_last),
            in_large=_part(everything if near else drawn.in_large, sizes[0]),
            in_small=_part(everything if near else drawn.in_small, sizes[1]),
            sources=torch.from_numpy(self._gallery.sources[chosen[drawn.taken].numpy()]),
        )


def _hardened(reach: Reach, done: float) -> Reach:
    """Return how far edits go after this share of the steps."""
    hard = min(1.0, done / _HARDENING)
    return Reach(
        _EASIEST.crop + (reach.crop - _EASIEST.crop) * hard,
        _EASIEST.frame + (reach.frame - _EASIEST.frame) * hard,
    )


def _one_of(sizes: tuple[Size, ...], lots: torch.Generator) -> Size:
    return sizes[int(torch.randint(len(sizes), (1,), generator=lots))]


def _part(places: Rects, size: Size) -> Tensor:
    """Return (n, 1, places): how much each place of the last features counts; adds up to 1."""
    cover = covered(places, (size[0] // CELL, size[1] // CELL)).flatten(2) + 1e-4
    return cover / cover.sum(2, keepdim=True)


def take_step(run: Run, recipe: Recipe, batch: Batch) -> tuple[float, float]:
    """Learn from one batch; return the loss, and which share of the edits was found."""
    for group in run.optimiser.param_groups:
        group["lr"] = learning_rate(recipe, run.step)
    run.network.train()
    with torch.autocast(batch.large.device.type, dtype=torch.bfloat16, enabled=recipe.bfloat16):
        small, large = run.network.places(batch.small), run.network.places(batch.large)
    both = torch.cat([pooled(small, batch.in_small), pooled(large, batch.in_large)])
    answers, sources = run.network.described(both)[:, 0], batch.sources.repeat(2)
    loss = copy_loss(answers, sources, temperature(recipe, run.step), run.memory)
    if run.step >= _REMEMBERING * recipe.steps:
        run.memory = run.memory.with_more(answers, sources)
    run.optimiser.zero_grad()
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(run.network.parameters(), 5.0)
    run.optimiser.step()
    run.step += 1
    return float(loss.detach()), found_share(answers.detach(), sources)


def learning_rate(recipe: Recipe, step: int) -> float:
    """Rise for the first steps, then sink to nothing along a cosine."""
    risen = min(1.0, (step + 1) / _WARM_UP)
    return recipe.learning_rate * risen * (0.5 + 0.5 * math.cos(math.pi * step / recipe.steps))


def temperature(recipe: Recipe, step: int) -> float:
    """Start mild: a network that knows nothing flees from sharp contrasts into one answer for all.

    From `_WARMEST` to `_COLDEST` along the logarithm, over the first fifth of the steps.
    """
    done = min(1.0, step / (0.2 * recipe.steps))
    return float(_WARMEST * (_COLDEST / _WARMEST) ** done)


def chances(gallery: Gallery, photo_share: float) -> Tensor:
    """Return how likely each picture is to be drawn: sources of a kind are all as likely."""
    counts = np.bincount(gallery.sources)[gallery.sources]
    taken = gallery.sources < gallery.photo_sources
    shares = np.where(taken, photo_share, 1 - photo_share) if taken.any() else np.ones(len(taken))
    weights = shares / counts
    for kind in (taken, ~taken):
        weights[kind] *= shares[kind].max(initial=0) / max(weights[kind].sum(), 1e-9)
    return torch.from_numpy(weights)


def train(
    recipe: Recipe,
    folder: Path,
    photo_folder: Path | None,
    device: torch.device,
    *,
    workers: int,
    stop_after: int | None = None,
) -> Path:
    """Run the recipe from the last checkpoint in `folder`, if there is one, to its end.

    With `stop_after` it ends after that step, whatever is still to come.

    Returns:
        The file with the trained network and its recipe.
    """
    gallery = make_gallery(
        folder,
        seed=recipe.seed,
        photo_folder=photo_folder,
        squares=recipe.squares,
        drawn=recipe.drawn,
    )
    run = Run.begin(recipe, device)
    if (kept := folder / "network.pt").exists():
        run.load(kept)
    # Edits are drawn in processes of their own, ahead of the steps that learn from them.
    batches = DataLoader(
        Batches(recipe, gallery),
        batch_size=None,
        sampler=range(run.step, last := min(recipe.steps, stop_after or recipe.steps)),
        num_workers=workers,
        prefetch_factor=4 if workers else None,
    )
    started = time.process_time()
    for batch in batches:
        loss, found = take_step(run, recipe, batch.to(device))
        if run.step % _TELL_EVERY == 0:
            spent = time.process_time() - started
            sys.stderr.write(
                f"step {run.step} loss {loss:.3f} found {found:.3f} cpu {spent:.0f} s\n"
            )
        if run.step % _SAVE_EVERY == 0 or run.step == last:
            run.save(kept, recipe)
    return kept


def main() -> None:
    """Read the command line and train."""
    plain = Recipe()
    parser = argparse.ArgumentParser(description="Train the copy network.")
    parser.add_argument("--folder", type=Path, required=True, help="where all that is made is kept")
    parser.add_argument("--photographs", type=Path, help="folder of unpacked wallpaper packages")
    parser.add_argument("--fetch-photographs", action="store_true", help="download them first")
    parser.add_argument("--seed", type=int, default=plain.seed)
    parser.add_argument("--steps", type=int, default=plain.steps)
    parser.add_argument("--stop-after", type=int, help="step after which to end, of --steps")
    parser.add_argument("--batch", type=int, default=plain.batch)
    parser.add_argument("--bfloat16", action="store_true", help="on processors that multiply it")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--workers", type=int, default=1, help="processes that draw edits")
    parser.add_argument("--threads", type=int, default=1, help="threads that learn")
    given = parser.parse_args()
    photo_folder: Path | None = given.photographs
    if given.fetch_photographs:
        photo_folder = photo_folder or given.folder / "photographs"
        fetch(photo_folder)
    recipe = Recipe(seed=given.seed, steps=given.steps, batch=given.batch, bfloat16=given.bfloat16)
    torch.set_num_threads(given.threads)
    trained = train(
        recipe,
        given.folder,
        photo_folder,
        torch.device(given.device),
        workers=given.workers,
        stop_after=given.stop_after,
    )
    sys.stdout.write(f"{trained}\n")


if __name__ == "__main__":
    main()
