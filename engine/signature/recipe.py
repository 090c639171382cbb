"""What a signature is made of: when any of it changes, files are signed anew."""

from autodedup.engine.signature.views import VIEWS

MOMENTS = 4  # which instants are looked at, and the size of the small picture
PERCEPTUAL = 8  # bars, transform, bits
WAVELET = 1
QUALITY = 2
EMBEDDING = 6  # how a frame is cut and squeezed for the model, and how its numbers are kept

RECIPE = f"moments{MOMENTS} dct{PERCEPTUAL}[{','.join(VIEWS)}] whash{WAVELET} quality{QUALITY}"
"""The recipe as one short string, equal for signatures that may be compared."""


def embedding_recipe(model_digest: str) -> str:
    """Return the recipe of embeddings by one model, equal for those that may be compared."""
    return f"copy{EMBEDDING}[{model_digest}]"
