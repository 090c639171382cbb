"""Loading open_clip, with a sentence that helps where it does not load.

open_clip takes only picture transforms from torchvision, none of which this engine uses: frames
are prepared by `engine.semantic.model` itself. But it does import torchvision, which refuses to
load beside a torch it was not compiled for (a CPU build of torch with the torchvision of PyPI),
because the names of its compiled operators are unknown then. They are made known here, without
bodies, and nothing ever calls them.
"""

import importlib.util
from functools import lru_cache
from types import ModuleType

from autodedup.engine.errors import ModelUnavailableError

INSTALL = "pip install 'autodedup[semantic]' (torch and open_clip_torch)"

# What torchvision describes to torch's compiler while it is imported, whether or not it is there.
_DESCRIBED = ("nms", "qnms")


def missing_packages() -> tuple[str, ...]:
    """Return which packages of the semantic tier are not installed, without loading any."""
    return tuple(
        name
        for name in ("torch", "torchvision", "open_clip")
        if importlib.util.find_spec(name) is None
    )


def open_clip() -> ModuleType:
    """Return open_clip.

    Raises:
        ModelUnavailableError: It, or torch, is not installed or does not load.
    """
    if lacking := missing_packages():
        raise ModelUnavailableError(
            f"The semantic tier needs {', '.join(lacking)}, not installed here. "
            "Nothing was embedded; every other tier works.",
            hint=f"Install it: {INSTALL}.",
        )
    try:
        import torch

        _declare_missing_operators(torch)
        import open_clip as loaded
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelUnavailableError(
            f"open_clip does not load here ({type(error).__name__}: {error}). "
            "Nothing was embedded; every other tier works.",
            hint=f"Install torch, torchvision and open_clip that fit each other: {INSTALL}.",
        ) from error
    module: ModuleType = loaded
    return module


@lru_cache(maxsize=1)  # torch forgets an operator with the object that declared it
def _declare_missing_operators(torch: ModuleType) -> object:
    """Declare torchvision's operators, where its compiled part does not load; else do nothing."""
    from importlib.machinery import PathFinder

    spec = importlib.util.find_spec("torchvision")
    places = list(spec.submodule_search_locations or ()) if spec else []
    compiled = PathFinder.find_spec("_C", places)
    if compiled is not None and compiled.origin is not None:
        try:
            torch.ops.load_library(compiled.origin)
        except OSError:
            pass  # it was compiled for another torch
        else:
            return None
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in _DESCRIBED:
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return library
