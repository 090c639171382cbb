"""What was measured, as a table to read and a curve to look at."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from autodedup.engine.embedding.calibration import VIEWS, WHOLE
from autodedup.engine.embedding.card import Figure

if TYPE_CHECKING:
    from autodedup.engine.embedding.evaluate import Scores

_WIDTH, _HEIGHT, _EDGE = 640, 400, 56
_LOW, _HIGH = 0.3, 1.0  # products shown
_DECADES: Final = 7
_RAISED: Final = "⁰¹²³⁴⁵⁶⁷"
_COLOURS: Final = ("#1f6fb2", "#c8501e", "#2e8b57")
_SHEET: Final = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
    f'font-family="sans-serif" font-size="12"><rect width="{_WIDTH}" height="{_HEIGHT}" '
    'fill="#fff"/>'
)


def table(measured: Mapping[str, Mapping[str, "Scores"]], rates: Sequence[float]) -> str:
    """Return Markdown: for each set of films, what is found of each edit by each method."""
    parts = []
    for films, methods in measured.items():
        network, told = methods["network, all views"], []
        frames = max(len(each) for each in network.true.values())
        parts.append(
            f"\n### {films.capitalize()}: {frames:,} frames, {len(network.false):,} pairs of "
            "strangers\n\nShare of edited frames found, at 1 false in 10,000 frame pairs.\n\n"
            f"| edit | {' | '.join(methods)} |\n|---|{'---|' * len(methods)}\n"
        )
        for trial in network.true:
            row = " | ".join(f"{scores.found(trial, 1e-4):.2f}" for scores in methods.values())
            parts.append(f"| {trial} | {row} |\n")
        heads = " | ".join(f"1 in {round(1 / rate):,}" for rate in rates)
        parts.append(f"\n| product at false pairs | {heads} |\n|---|{'---|' * len(rates)}\n")
        for name, scale in (("network, whole", WHOLE), ("network, all views", VIEWS)):
            at = " | ".join(f"{methods[name].threshold(rate):.3f}" for rate in rates)
            shipped = scale["1 in 10,000"]
            wrong = float((methods[name].false > shipped).mean()) * 10_000
            parts.append(f"| {name} | {at} |\n")
            told.append(
                f"At {shipped} (`calibration`), {name}: {wrong:.2f} false in 10,000 pairs.\n"
            )
        parts += ["\n", *told]
    return "".join(parts)


def figures(measured: Mapping[str, Mapping[str, "Scores"]]) -> tuple[Figure, ...]:
    """Return the table's shares for the model card."""
    return tuple(
        Figure(
            films=films,
            edit=trial,
            found={name: round(scores.found(trial, 1e-4), 3) for name, scores in methods.items()},
        )
        for films, methods in measured.items()
        for trial in methods["network, all views"].true
    )


def curve(measured: Mapping[str, "Scores"]) -> str:
    """Return an SVG: the share of false pairs (log) and of found edits over the product."""
    products = np.linspace(_LOW, _HIGH, 141)
    parts = [_SHEET, *_axes()]
    for number, (films, scores) in enumerate(measured.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        true = np.sort(np.concatenate(list(scores.true.values())))
        found = 1 - np.searchsorted(true, products) / len(true)
        false = np.sort(scores.false)
        wrong = 1 - np.searchsorted(false, products) / len(false)
        solid = [(x, _of_rate(y)) for x, y in zip(products, wrong, strict=True) if y > 0]
        dashed = [(x, y) for x, y in zip(products, found, strict=True)]
        parts.append(_line(solid, colour, ""))
        parts.append(_line(dashed, colour, ' stroke-dasharray="5 4"'))
        place = _HEIGHT - _EDGE - 34 + 16 * number
        parts.append(f'<text x="{_EDGE + 10}" y="{place}" fill="{colour}">{films}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _axes() -> list[str]:
    right, bottom = _WIDTH - _EDGE, _HEIGHT - _EDGE
    parts = []
    for decade in range(_DECADES + 1):
        y = _y(1 - decade / _DECADES)
        parts.append(f'<path d="M{_EDGE} {y:.1f}H{right}" stroke="#ddd"/>')
        label = "1 in 10" + _RAISED[decade] if decade else "1"
        parts.append(f'<text x="{_EDGE - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    for tenth in range(3, 11):
        x = _x(tenth / 10)
        parts.append(f'<path d="M{x:.1f} {_EDGE}V{bottom}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{tenth / 10}</text>'
        )
    parts += [
        f'<text x="{right + 6}" y="{_y(share) + 4:.1f}">{share:.0%}</text>'
        for share in (0, 0.25, 0.5, 0.75, 1)
    ]
    middle = _WIDTH / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 12}" text-anchor="middle">product</text>')
    parts.append(
        f'<text x="{middle}" y="24" text-anchor="middle">Solid: frame pairs of different films '
        "above this product (left). Dashed: edits above it (right).</text>"
    )
    return parts


def _line(points: Sequence[tuple[float, float]], colour: str, style: str) -> str:
    path = "L".join(f"{_x(x):.1f} {_y(y):.1f}" for x, y in points)
    return f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="1.8"{style}/>'


def _of_rate(rate: float) -> float:
    return max(0.0, 1 + math.log10(rate) / _DECADES)


def _x(cosine: float) -> float:
    return _EDGE + (cosine - _LOW) / (_HIGH - _LOW) * (_WIDTH - 2 * _EDGE)


def _y(share: float) -> float:
    return _HEIGHT - _EDGE - share * (_HEIGHT - 2 * _EDGE)
