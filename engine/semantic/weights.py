"""Which open_clip model is meant, and which file on this disk holds its weights.

Nothing is ever downloaded: a tag of open_clip's list is looked up in the caches that open_clip and
Hugging Face keep, and what is not there is asked for by name.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from autodedup.engine.errors import ModelUnavailableError

MEANING = 1  # how frames are chosen, cut and squeezed for the model
_CHUNK_BYTES = 1 << 20
_SUFFIXES = (".pt", ".pth", ".bin", ".safetensors", ".npz", ".ckpt")
_SHOWN_TAGS = 6


@dataclass(frozen=True, slots=True)
class Shades:
    """The mean and the spread, a channel from 0 to 1, of the pictures that a model learned from."""

    mean: tuple[float, ...]
    spread: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class MeaningFiles:
    """A model of the semantic tier: its name, its own description if it has one, its weights.

    `shades` is None where they are open_clip's usual ones.
    """

    name: str
    config: Path | None
    weights: Path
    shades: Shades | None = None


def needed(model: str, weights: str | None) -> ModelUnavailableError:
    """Return the error that says which file to put where."""
    if weights is None:
        return ModelUnavailableError(
            f"The semantic tier has no weights for {model}: none were named. Nothing was embedded.",
            hint=f"Download the weights of {model} that open_clip lists (for ViT-B-32: "
            "open_clip_model.safetensors of huggingface.co/laion/CLIP-ViT-B-32-laion2B-s34B-b79K) "
            "and start the server with --semantic-weights /path/to/that/file. Or leave "
            "semantic out of tiers; every other tier works without it.",
        )
    return ModelUnavailableError(
        f"The weights of {model} are not at {weights}. Nothing was embedded.",
        hint=f"Put the checkpoint of {model} there, or start the server with --semantic-weights "
        "naming the file that holds it. Or leave semantic out of tiers.",
    )


def named_file(weights: str) -> Path | None:
    """Return the path that a setting names; None where it names one of open_clip's tags."""
    path = Path(weights).expanduser()
    is_path = path.is_file() or path.suffix in _SUFFIXES or len(path.parts) > 1
    return path if is_path else None


def find_files(model: str, weights: str | None, open_clip: ModuleType) -> MeaningFiles:
    """Return the files of a model.

    Args:
        model: A name of open_clip's list, or the path of a JSON file that describes one.
        weights: The path of a checkpoint, or a tag of open_clip's list.
        open_clip: The loaded package.

    Raises:
        ModelUnavailableError: No such model, or its weights are not on this disk.
    """
    config = Path(model).expanduser() if model.endswith(".json") else None
    name = model if config is None else config.stem
    if config is not None:
        if not config.is_file():
            raise ModelUnavailableError(f"There is no model description at {config}.")
        open_clip.add_model_config(config)
    elif name not in open_clip.list_models():
        raise ModelUnavailableError(
            f"open_clip knows no model {name}. Nothing was embedded.",
            hint="--semantic-model takes a name of open_clip.list_models(), such as ViT-B-32.",
        )
    if weights is None:
        raise needed(model, weights)
    file = named_file(weights)
    tags = open_clip.list_pretrained_tags_by_model(name)
    if file is None:
        file, tags = _cached(name, weights, open_clip), [weights]
    if not file.is_file():
        raise needed(model, str(file))
    return MeaningFiles(name, config, file, _shades(name, tags, open_clip))


def _shades(name: str, tags: Sequence[str], open_clip: ModuleType) -> Shades | None:
    """Return the shades that all known weights of a model share: a file says nothing of its own."""
    known = [open_clip.get_pretrained_cfg(name, tag) for tag in tags]
    usual = Shades(open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD)
    found = {Shades(tuple(one["mean"]), tuple(one["std"])) for one in known} or {usual}
    return None if len(found) > 1 or usual in found else found.pop()


def _cached(name: str, tag: str, open_clip: ModuleType) -> Path:
    """Return where a tag's weights lie in the caches of this machine."""
    known = open_clip.get_pretrained_cfg(name, tag)
    quick = f"{name}-quickgelu"
    if known and known.get("quick_gelu") and quick in open_clip.list_models():
        # Loaded into the other model they would give vectors without a word, and worse ones.
        raise ModelUnavailableError(
            f"The weights {tag} were trained as {quick}, not as {name}. Nothing was embedded.",
            hint=f"Start the server with --semantic-model {quick}.",
        )
    if not known:
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(name)[:_SHOWN_TAGS])
        raise ModelUnavailableError(
            f"open_clip knows no weights {tag} of {name}, and there is no file of that name.",
            hint=f"--semantic-weights takes a path, or one of: {tags}.",
        )
    if known.get("hf_hub"):
        return _in_hugging_face_cache(name, tag, known["hf_hub"])
    file = Path(f"~/.cache/clip/{known['url'].rpartition('/')[2]}").expanduser()
    if file.is_file():
        return file
    raise ModelUnavailableError(
        f"The weights {tag} of {name} are not on this machine, and nothing is downloaded.",
        hint=f"Download {known['url']} to {file}, or name the file with --semantic-weights.",
    )


def _in_hugging_face_cache(name: str, tag: str, place: str) -> Path:
    from huggingface_hub import try_to_load_from_cache

    repository, _, wanted = place.rpartition("/")
    names = (wanted,) if wanted else ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
    for each in names:
        found = try_to_load_from_cache(repository, each)
        if isinstance(found, str):
            return Path(found)
    raise ModelUnavailableError(
        f"The weights {tag} of {name} are not on this machine, and nothing is downloaded.",
        hint=f"Run `hf download {repository} {names[0]}` once, or download that file from "
        f"huggingface.co/{repository} and name it with --semantic-weights.",
    )


def recipe_of(files: MeaningFiles, side: int) -> str:
    """Return the recipe of meanings by a model: equal only for those that may be compared.

    The digest is over the whole checkpoint, over the description where the model has its own, and
    over the shades where they are not the usual ones.
    """
    digest = hashlib.sha256()
    if files.shades is not None:
        digest.update(repr((files.shades.mean, files.shades.spread)).encode())
    for path in (files.config, files.weights):
        if path is not None:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK_BYTES):
                    digest.update(chunk)
    return f"meaning{MEANING}[{files.name} {digest.hexdigest()[:16]} {side}]"
