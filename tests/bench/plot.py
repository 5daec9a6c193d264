"""Small line plots as SVG: two axes, a few series, a key. Nothing that needs a library of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 64, 170, 36, 48
COLOURS = ("#0b6bcb", "#c4441c", "#1f7a4d", "#7d3cb5", "#8a6d00", "#455a64")

Series = Mapping[str, Sequence[tuple[float, float]]]


def _ticks(most: float) -> list[float]:
    """Round steps from 0 to at least `most`."""
    step = 10 ** math.floor(math.log10(most)) if most > 0 else 1.0
    for finer in (0.2, 0.5, 1.0):
        if most / (step * finer) <= 6:
            step *= finer
            break
    return [step * n for n in range(math.ceil(most / step - 1e-9) + 1)]


def _label(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:g}"


def line_plot(title: str, across: str, up: str, series: Series, *, to_scale: bool = False) -> str:
    """The x axis names each value that occurs, evenly spaced (the values here grow by a factor), or to scale."""
    places = sorted({x for points in series.values() for x, _ in points})
    ticks = _ticks(max((y for points in series.values() for _, y in points), default=1.0))
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at(x: float, y: float) -> str:
        share = x / places[-1] if to_scale else places.index(x) / max(1, len(places) - 1)
        return f"{LEFT + wide * share:.1f},{TOP + high * (1 - y / ticks[-1]):.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="20" font-size="14" font-weight="bold">{escape(title)}</text>',
    ]
    for tick in ticks:
        y = TOP + high * (1 - tick / ticks[-1])
        parts.append(f'<path d="M{LEFT} {y:.1f}h{wide}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_label(tick)}</text>')
    for place in places:
        x = at(place, 0).split(",")[0]
        parts.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{_label(place)}</text>')
    parts.append(f'<text x="{LEFT + wide / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(across)}</text>')
    middle = TOP + high / 2
    parts.append(
        f'<text x="14" y="{middle}" text-anchor="middle" transform="rotate(-90 14 {middle})">{escape(up)}</text>'
    )
    for number, (name, points) in enumerate(series.items()):
        colour = COLOURS[number % len(COLOURS)]
        line = " ".join(at(x, y) for x, y in sorted(points))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for point in points:
            cx, cy = at(*point).split(",")
            parts.append(f'<circle cx="{cx}" cy="{cy}" r="3" fill="{colour}"/>')
        y = TOP + 14 + number * 18
        parts.append(f'<text x="{WIDTH - RIGHT + 14}" y="{y}" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])
