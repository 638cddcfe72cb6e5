"""The extra latency by the reviews an hour, as an SVG that can be read on a light and on a dark page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Curves = Mapping[str, Sequence[tuple[float, float]]]

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 78, 560, 52, 360  # of the field; to the right of it are the names of the curves
SLOWEST, FASTEST = 20_000.0, 1.0  # seconds, the ends of the upright axis
FEWEST, MOST = 1.0, 80.0  # reviews an hour, the ends of the level axis
TIMES = {1: "1 s", 10: "10 s", 60: "1 min", 600: "10 min", 3600: "1 h", 18_000: "5 h"}
RATES = (1, 2, 5, 10, 20, 40, 80)
APART = 18.0  # pixels between two names
SHAPES = ("M-4-4h8v8h-8z", "M0-5 5 4H-5z", "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0", "M0-5 5 0 0 5-5 0z", "M-5-4H5L0 5z")
STYLE = """
.page { fill: #fff } text { font: 13px system-ui, sans-serif; fill: #24292f } .grid { stroke: #d0d7de }
.title { font-size: 15px; font-weight: 600 } .curve { stroke-width: 2.25 }
.c0 { stroke: #b42318; fill: #b42318 } .c1 { stroke: #9a5b00; fill: #9a5b00 }
.c2 { stroke: #6e40c9; fill: #6e40c9 } .c3 { stroke: #1d4ed8; fill: #1d4ed8 } .c4 { stroke: #04724d; fill: #04724d }
text.c0, text.c1, text.c2, text.c3, text.c4 { stroke: none } path.curve { fill: none }
@media (prefers-color-scheme: dark) {
  .page { fill: #0d1117 } text { fill: #e6edf3 } .grid { stroke: #30363d }
  .c0 { stroke: #ff8b80; fill: #ff8b80 } .c1 { stroke: #e8b04b; fill: #e8b04b }
  .c2 { stroke: #b392f0; fill: #b392f0 } .c3 { stroke: #7aa7ff; fill: #7aa7ff } .c4 { stroke: #4fd1a1; fill: #4fd1a1 }
}"""


def svg(title: str, curves: Curves) -> str:
    """Return the picture; each curve is a sequence of reviews an hour and seconds, both on a logarithmic scale."""
    names = _spread([_y(points[-1][1]) for points in curves.values()])
    drawn = [_curve(number, name, points, names[number]) for number, (name, points) in enumerate(curves.items())]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">',
            f"<style>{STYLE}\n</style>",
            f'<rect class="page" width="{WIDTH}" height="{HEIGHT}"/>',
            f'<text class="title" x="{LEFT}" y="24">{title}</text>',
            *_axes(),
            *drawn,
            "</svg>\n",
        ]
    )


def _axes() -> list[str]:
    level = [
        f'<path class="grid" d="M{LEFT} {_y(time):.1f}H{RIGHT}"/>'
        f'<text x="{LEFT - 8}" y="{_y(time) + 4:.1f}" text-anchor="end">{name}</text>'
        for time, name in TIMES.items()
    ]
    upright = [
        f'<path class="grid" d="M{_x(rate):.1f} {TOP}V{BOTTOM}"/>'
        f'<text x="{_x(rate):.1f}" y="{BOTTOM + 18}" text-anchor="middle">{rate}</text>'
        for rate in RATES
    ]
    names = [
        f'<text x="{(LEFT + RIGHT) / 2}" y="{BOTTOM + 42}" text-anchor="middle">new reviews an hour</text>',
        f'<text transform="translate(18 {(TOP + BOTTOM) / 2}) rotate(-90)" text-anchor="middle">'
        "mean time until an answer is seen</text>",
    ]
    return [*level, *upright, *names]


def _curve(number: int, name: str, points: Sequence[tuple[float, float]], name_at: float) -> str:
    places = [(_x(rate), _y(late)) for rate, late in points]
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    marks = "".join(
        f'<path class="c{number}" transform="translate({x:.1f} {y:.1f})" d="{SHAPES[number]}"/>' for x, y in places
    )
    end_x, end_y = places[-1]
    leader = f'<path class="leader c{number}" d="M{end_x + 7:.1f} {end_y:.1f}L{end_x + 20:.1f} {name_at:.1f}"/>'
    label = f'<text class="c{number}" x="{end_x + 25:.1f}" y="{name_at + 4:.1f}">{name}</text>'
    return f'<path class="curve c{number}" d="M{line}"/>{marks}{leader}{label}'


def _spread(wanted: Sequence[float]) -> list[float]:
    """Return the heights of the names: where the curves end, but apart from each other."""
    placed = [0.0] * len(wanted)
    above = -math.inf
    for number in sorted(range(len(wanted)), key=wanted.__getitem__):
        above = placed[number] = max(wanted[number], above + APART)
    return placed


def _x(rate: float) -> float:
    return LEFT + (RIGHT - LEFT) * math.log(rate / FEWEST) / math.log(MOST / FEWEST)


def _y(late: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * math.log(late / FASTEST) / math.log(SLOWEST / FASTEST)
