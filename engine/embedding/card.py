"""The model card: what the model was made of and how, under which licences, and how good it is."""

import hashlib
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, JsonValue

from autodedup.engine.embedding.crowding import STRANGERS
from autodedup.engine.embedding.model_file import CARD_NAME, ModelCard
from autodedup.engine.embedding.photographs import permissions

_METHOD = (
    "Contrastive learning with a spread term (NT-Xent and KoLeo, after SSCD, Pizzi et al. 2022) "
    "on a residual network whose filters stand in all eight positions of the square (Cohen and "
    "Welling 2016), so that no mirror and no quarter turn changes its answer. Windows of a frame "
    "are pooled from one look at it (after R-MAC, Tolias et al. 2016), and learned so: the part of "
    "one copy that shows the other lies close to the whole of the other. In the last two fifths of "
    "the steps strangers of earlier batches are remembered (Wang et al. 2020). What lies near to "
    f"many of {STRANGERS:,} strangers in the file is shortened (score normalisation, Douze et al. "
    "2021)."
)
_LICENCE = "MIT, as the package"
_FAILURES: Final = (
    "Whole against whole, crops to less than 70 % of each side and pictures in less are missed.",
    "With all views, crops to less than half of each side are mostly missed.",
    "A still camera's frames of one place look alike: two different takes can pass for one.",
    "Flat frames (black, white, fog) look alike and must not be embedded.",
    "Reversed, slowed or reordered films have the same frames: order must be checked elsewhere.",
)


class PhotoSource(BaseModel):
    """A Debian package whose photographs were trained on."""

    model_config = ConfigDict(frozen=True)

    package: str
    version: str
    licences: tuple[str, ...]
    copyright_holders: tuple[str, ...]


class Figure(BaseModel):
    """Share of edited frames found at 1 false in 10,000 frame pairs, by each method."""

    model_config = ConfigDict(frozen=True)

    films: str
    edit: str
    found: dict[str, float]


class FullCard(ModelCard):
    """Everything on the card."""

    trained_on: str
    recipe: dict[str, JsonValue]
    learned_numbers: int
    method: str = _METHOD
    licence: str = _LICENCE
    notes: tuple[str, ...] = ()
    photographs: tuple[PhotoSource, ...]
    known_failures: tuple[str, ...] = _FAILURES
    figures: tuple[Figure, ...] = ()


def write_card(
    model: Path,
    *,
    trained_on: str,
    recipe: dict[str, JsonValue],
    learned_numbers: int,
    photo_folder: Path | None,
    notes: tuple[str, ...] = (),
) -> None:
    """Write the card of a model file beside it; figures are added once they are measured."""
    sources = permissions(photo_folder) if photo_folder else ()
    card = FullCard(
        file=model.name,
        sha256=hashlib.sha256(model.read_bytes()).hexdigest(),
        trained_on=trained_on,
        recipe=recipe,
        learned_numbers=learned_numbers,
        notes=notes,
        photographs=tuple(
            PhotoSource(
                package=each.package,
                version=each.version,
                licences=each.licences,
                copyright_holders=each.holders,
            )
            for each in sources
        ),
    )
    save(card, model.parent)


def save(card: FullCard, folder: Path) -> None:
    """Write the card for programs and for people."""
    (folder / CARD_NAME).write_text(card.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (folder / CARD_NAME).with_suffix(".md").write_text(_to_read(card), encoding="utf-8")


def add_figures(folder: Path, figures: tuple[Figure, ...]) -> None:
    """Put what was measured on the card in `folder`."""
    card = FullCard.model_validate_json((folder / CARD_NAME).read_bytes())
    save(card.model_copy(update={"figures": figures}), folder)


def _to_read(card: FullCard) -> str:
    recipe = ", ".join(f"{name} {value}" for name, value in card.recipe.items())
    notes = "".join(f"\n- {each}" for each in card.notes)
    head = f"""# {card.file}

Finds edited copies of video frames: RGB of about 96 x 160 in, 128 numbers out for each view.

- SHA-256: `{card.sha256}`
- Trained: {card.trained_on}, {card.learned_numbers:,} learned numbers
- Recipe: {recipe}
- Method: {card.method}
- Licence of the weights: {card.licence}{notes}

## Trained on

{card.recipe["drawn"]} pictures drawn by `engine/embedding/pictures.py`"""
    parts = [head]
    if card.photographs:
        parts.append(
            ", and the photographs in these Debian packages (none of them is part of this package):"
            "\n\n| package | version | licences | copyright |\n|---|---|---|---|\n"
        )
        parts += [
            f"| {each.package} | {each.version} | {', '.join(each.licences)} | "
            f"{'; '.join(each.copyright_holders)} |\n"
            for each in card.photographs
        ]
    else:
        parts.append(".\n")
    parts.append("\n## Known failures\n\n" + "".join(f"- {each}\n" for each in card.known_failures))
    if card.figures:
        parts.append(_figures(card.figures))
    return "".join(parts)


def _figures(figures: tuple[Figure, ...]) -> str:
    methods = list(figures[0].found)
    rows = [
        f"| {each.films} | {each.edit} | "
        + " | ".join(f"{each.found[method]:.2f}" for method in methods)
        + " |\n"
        for each in figures
    ]
    head = f"| films | edit | {' | '.join(methods)} |\n|---|---|{'---|' * len(methods)}\n"
    return (
        "\n## Share of edited frames found, at 1 false in 10,000 frame pairs\n\n" + head
    ) + "".join(rows)
