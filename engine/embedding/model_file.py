"""The trained model that ships with the engine: which file it is, and whether it is whole."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from autodedup.engine.errors import ModelUnavailableError

FOLDER: Final = Path(__file__).with_name("model")
CARD_NAME: Final = "model_card.json"


class ModelCard(BaseModel):
    """The part of a model card that the engine reads; the rest is for people."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file that was read and found whole.

    `digest` (16 hex digits of its SHA-256) belongs into the recipe of everything computed with
    it: embeddings of two models must never be compared.
    """

    path: Path
    content: bytes
    digest: str


def read_model(folder: Path = FOLDER) -> ModelFile:
    """Return the model that the card in `folder` names.

    Raises:
        ModelUnavailableError: The card or the file is missing, or is not what it was.
    """
    card_path = folder / CARD_NAME
    try:
        card = ModelCard.model_validate_json(card_path.read_bytes())
    except OSError as error:
        raise _unavailable(card_path, f"cannot be read ({error.strerror})") from error
    except ValidationError as error:
        raise _unavailable(card_path, "is no model card") from error
    path = folder / card.file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _unavailable(path, f"cannot be read ({error.strerror})") from error
    found = hashlib.sha256(content).hexdigest()
    if found != card.sha256:
        raise _unavailable(
            path, f"is damaged: its SHA-256 begins {found[:8]}, not as its card says"
        )
    return ModelFile(path, content, found[:16])


def _unavailable(path: Path, why: str) -> ModelUnavailableError:
    return ModelUnavailableError(
        f"The copy model {path.name} {why}. Nothing was embedded; every other tier works.",
        hint="Install the package again, or leave `copy` out of `tiers`.",
        details={"file": path.name},
    )
