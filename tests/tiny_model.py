"""A model of the semantic tier that is real but tiny: its description and weights are made here."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from autodedup.engine.semantic.needs import missing_packages, open_clip

TINY = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8},
    "text_cfg": {"context_length": 8, "vocab_size": 64, "width": 32, "heads": 2, "layers": 1},
}


@dataclass(frozen=True)
class TinyModel:
    """Settings of a model: `--semantic-model` and `--semantic-weights`."""

    model: Path
    weights: Path

    def settings(self) -> dict[str, object]:
        return {
            "semantic_model": str(self.model),
            "semantic_weights": str(self.weights),
            "device": "cpu",
        }


def make_tiny(
    folder: Path, name: str = "tiny", *, seed: int = 0, dimensions: int = 32, suffix: str = ".pt"
) -> TinyModel:
    """Write a model's description, and weights from a seed."""
    if lacking := missing_packages():
        pytest.skip(f"the semantic tier needs {', '.join(lacking)}, not installed here")
    import torch
    from safetensors.torch import save_file

    package = open_clip()
    folder.mkdir(parents=True, exist_ok=True)
    made = TinyModel(folder / f"{name}.json", folder / f"{name}{suffix}")
    made.model.write_text(json.dumps({**TINY, "embed_dim": dimensions}))
    package.add_model_config(made.model)
    torch.manual_seed(seed)
    save = save_file if suffix == ".safetensors" else torch.save
    save(package.create_model(name).state_dict(), made.weights)
    return made
