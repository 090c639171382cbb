"""Whether the semantic tier works here, as far as can be told without loading its model."""

from dataclasses import dataclass

from autodedup.engine.errors import ModelUnavailableError
from autodedup.engine.semantic.needs import INSTALL, missing_packages
from autodedup.engine.semantic.process import Chosen
from autodedup.engine.semantic.weights import named_file, needed
from autodedup.engine.settings import Settings


@dataclass(frozen=True, slots=True)
class MeaningState:
    """What preflight tells of the tier; `error` is what an ingest that asks for it would raise."""

    model: str | None
    why: str
    error: ModelUnavailableError | None = None


def chosen_model(settings: Settings, memory_share: float) -> Chosen:
    """Return the model that the settings name; on a GPU it may take this share of its memory."""
    return Chosen(settings.semantic_model, settings.semantic_weights, settings.device, memory_share)


def meaning_state(settings: Settings) -> MeaningState:
    """Say whether the tier can work: its packages and its weights are there."""
    model, weights = settings.semantic_model, settings.semantic_weights
    error: ModelUnavailableError | None = None
    file = None if weights is None else named_file(weights)
    if weights is None or (file is not None and not file.is_file()):
        error = needed(model, weights)
    elif lacking := missing_packages():
        error = ModelUnavailableError(
            f"The semantic tier needs {', '.join(lacking)}, not installed here.",
            hint=f"Install it: {INSTALL}.",
        )
    if error is not None:
        return MeaningState(None, f"{error.message} {error.hint}", error)
    if file is None:
        why = f"{model} with the weights {weights} of this machine's caches, looked up at first use"
    else:
        why = f"{model} with {file.name}, loaded at first use"
    return MeaningState(model, f"{why}.")
