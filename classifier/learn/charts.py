"""Plots as SVG with real text: readable in any browser without a network, a script or a font of ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH: Final = 460
_HEIGHT: Final = 300
_LEFT: Final = 58
_BOTTOM: Final = 44
_TOP: Final = 16
_RIGHT: Final = 16
_COLOURS: Final = ("#1f5fa8", "#b3541e", "#3c7a3c")
_TICKS: Final = 5

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Axis:
    """What an axis shows, from `low` to `high`; `percent` writes its ticks as shares."""

    title: str
    low: float
    high: float
    percent: bool = True

    def share(self, value: float) -> float:
        """Return where a value stands between the ends, 0 to 1."""
        return min(1.0, max(0.0, (value - self.low) / ((self.high - self.low) or 1)))

    def label(self, share: float) -> str:
        """Return what is written at a tick."""
        value = self.low + share * (self.high - self.low)
        return f"{value:.0%}" if self.percent else f"{value:,.0f}"


def line_chart(title: str, x: Axis, y: Axis, lines: Sequence[tuple[str, Points]], diagonal: bool = False) -> str:
    """Draw named lines of points; `diagonal` adds the line on which both axes are equal."""
    parts = [*_frame(title, x, y)]
    if diagonal:
        (x1, y1), (x2, y2) = _place(x, y, (x.low, x.low)), _place(x, y, (x.high, x.high))
        parts.append(f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" class="even"/>')
    for number, (name, points) in enumerate(lines):
        colour = _COLOURS[number % len(_COLOURS)]
        places = [_place(x, y, point) for point in points]
        path = " ".join(f"{across},{down}" for across, down in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{across}" cy="{down}" r="3" fill="{colour}"/>' for across, down in places]
        if len(lines) > 1:
            parts.append(f'<text x="{_LEFT + 10}" y="{_TOP + 16 * (number + 1)}" fill="{colour}">{escape(name)}</text>')
    label = escape(title, quote=True)
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _place(x: Axis, y: Axis, point: tuple[float, float]) -> tuple[float, float]:
    across = _LEFT + x.share(point[0]) * (_WIDTH - _LEFT - _RIGHT)
    down = _HEIGHT - _BOTTOM - y.share(point[1]) * (_HEIGHT - _TOP - _BOTTOM)
    return round(across, 1), round(down, 1)


def _frame(title: str, x: Axis, y: Axis) -> list[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    parts = [f'<title>{escape(title)}</title><g fill="#444">']
    for tick in range(_TICKS + 1):
        share = tick / _TICKS
        across, down = _LEFT + share * (right - _LEFT), bottom - share * (bottom - _TOP)
        parts.append(f'<line x1="{_LEFT}" y1="{down:.1f}" x2="{right}" y2="{down:.1f}" class="grid"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{down + 4:.1f}" text-anchor="end">{y.label(share)}</text>')
        parts.append(f'<text x="{across:.1f}" y="{bottom + 16}" text-anchor="middle">{x.label(share)}</text>')
    middle = (_LEFT + right) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(x.title)}</text>')
    turned = f"translate(13 {(_TOP + bottom) / 2}) rotate(-90)"
    parts.append(f'<text transform="{turned}" text-anchor="middle">{escape(y.title)}</text></g>')
    return parts
