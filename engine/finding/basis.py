"""What an answer rests on: thresholds for the matcher, and names for questions asked before."""

import hashlib
import json
from dataclasses import asdict

from autodedup.engine.match.thresholds import Thresholds
from autodedup.engine.roots import Roots
from autodedup.engine.settings import Settings
from autodedup.engine.signature.recipe import RECIPE
from autodedup.schemas.find_duplicates import FindArguments
from autodedup.schemas.vocabulary import Profile

MATCHER = 27  # raised when the matcher's code would answer differently


def thresholds_of(settings: Settings, profile: Profile) -> Thresholds:
    """Return the matcher's limits for a profile, with what the operator has set."""
    return Thresholds(
        near_bits=settings.near_bits,
        means_alike=settings.semantic_cosine,
        strict_mean_bits=settings.strict_mean_bits,
        strict_worst_bits=settings.strict_worst_bits,
        strict_seconds=settings.strict_seconds,
        strict_size_ratio=settings.strict_size_ratio,
    ).of_profile(profile)


def basis_of(thresholds: Thresholds) -> str:
    """Return a name for everything that what is said of a pair depends on."""
    return _digest({"matcher": MATCHER, "recipe": RECIPE, **asdict(thresholds)})


def question_of(settings: Settings, arguments: FindArguments, roots: Roots) -> str:
    """Return a name for a question, the same for calls that ask the same of one library."""
    asked = arguments.model_dump(
        mode="json", include={"paths", "kinds", "profile", "min_confidence", "like"}
    )
    told = {
        "protect": sorted(str(folder) for folder in roots.protected),
        "roots": [(root.id, str(root.path)) for root in roots.all],
    }
    return _digest({**asked, **told, "basis": basis_of(thresholds_of(settings, arguments.profile))})


def _digest(facts: dict[str, object]) -> str:
    text = json.dumps(facts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:24]
