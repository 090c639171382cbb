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

from autodedup.engine.embedding.edits import pair
from autodedup.engine.embedding.gallery import Gallery, make_gallery
from autodedup.engine.embedding.network import SIDE, CopyNetwork
from autodedup.engine.embedding.objective import copy_loss, found_share
from autodedup.engine.embedding.photographs import fetch
from autodedup.engine.embedding.pictures import marks

_SMALL_SIDE: Final = 80  # pixels: most is learned on smaller pictures, at two thirds of the cost
_WARM_UP: Final = 200  # steps
_SAVE_EVERY: Final = 200  # steps
_TELL_EVERY: Final = 25
_WARMEST: Final = 0.3  # temperatures of the contrast
_COLDEST: Final = 0.06


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that decides what a run learns.

    `small_share` of the steps see pictures of 80 pixels, the rest of 96. `photo_share` of every
    batch are photographs, where there are any.
    """

    seed: int = 1
    steps: int = 5000
    batch: int = 160
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    small_share: float = 0.85
    photo_share: float = 0.5
    squares: int = 40
    drawn: int = 5000
    bfloat16: bool = False


@dataclass(slots=True, eq=False)
class Run:
    """A training run in progress."""

    network: CopyNetwork
    optimiser: torch.optim.AdamW
    step: int = 0

    @classmethod
    def begin(cls, recipe: Recipe, device: torch.device) -> "Run":
        """Return a run that has not taken a step."""
        torch.manual_seed(recipe.seed)
        network = CopyNetwork().to(device)
        optimiser = torch.optim.AdamW(
            network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )
        return cls(network, optimiser)

    def save(self, path: Path, recipe: Recipe) -> None:
        """Write everything needed to go on; a half-written file never takes the place of one."""
        state = {
            "recipe": asdict(recipe),
            "step": self.step,
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        torch.save(state, partial := path.with_suffix(".part"))
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Take up the run that was saved."""
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step = int(state["step"])


class Batches(Dataset[tuple[Tensor, Tensor]]):
    """The batch of every step: (2B, 3, S, S) edits, the second half of the first, and sources."""

    def __init__(self, recipe: Recipe, gallery: Gallery) -> None:
        self._recipe, self._gallery = recipe, gallery
        self._chances = chances(gallery, recipe.photo_share)
        overlays = torch.from_numpy(marks(recipe.seed, 256, (SIDE, 16)))
        self._overlays = overlays.permute(0, 3, 1, 2).float() / 255

    def __len__(self) -> int:
        return self._recipe.steps

    def __getitem__(self, step: int) -> tuple[Tensor, Tensor]:
        """Draw the batch of this step: the same one whenever it is asked for."""
        recipe = self._recipe
        lots = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
        chosen = torch.multinomial(self._chances, recipe.batch, generator=lots).sort().values
        pictures = torch.from_numpy(self._gallery.pictures[chosen.numpy()])
        side = _SMALL_SIDE if step < recipe.small_share * recipe.steps else SIDE
        sources = torch.from_numpy(self._gallery.sources[chosen.numpy()])
        edited = torch.cat(pair(pictures, side, self._overlays, lots))
        return edited.contiguous(memory_format=torch.channels_last), sources


def take_step(run: Run, recipe: Recipe, edited: Tensor, sources: Tensor) -> tuple[float, float]:
    """Learn from one batch; return the loss, and which share of the edits was found."""
    for group in run.optimiser.param_groups:
        group["lr"] = learning_rate(recipe, run.step)
    run.network.train()
    with torch.autocast(edited.device.type, dtype=torch.bfloat16, enabled=recipe.bfloat16):
        answers = run.network(edited)
    answers, both = answers.float(), sources.repeat(2)
    loss = copy_loss(answers, both, temperature(recipe, run.step))
    run.optimiser.zero_grad()
    torch.autograd.backward(loss)
    torch.nn.utils.clip_grad_norm_(run.network.parameters(), 5.0)
    run.optimiser.step()
    run.step += 1
    return float(loss.detach()), found_share(answers.detach(), both)


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
    recipe: Recipe, folder: Path, photo_folder: Path | None, device: torch.device, workers: int
) -> Path:
    """Run the recipe to its end, from the last checkpoint in `folder` if there is one.

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
        sampler=range(run.step, recipe.steps),
        num_workers=workers,
        prefetch_factor=4 if workers else None,
    )
    started = time.process_time()
    for edited, sources in batches:
        loss, found = take_step(run, recipe, edited.to(device), sources.to(device))
        if run.step % _TELL_EVERY == 0:
            spent = time.process_time() - started
            sys.stderr.write(
                f"step {run.step} loss {loss:.3f} found {found:.3f} cpu {spent:.0f} s\n"
            )
        if run.step % _SAVE_EVERY == 0 or run.step == recipe.steps:
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
    trained = train(recipe, given.folder, photo_folder, torch.device(given.device), given.workers)
    sys.stdout.write(f"{trained}\n")


if __name__ == "__main__":
    main()
