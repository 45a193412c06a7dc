"""Line charts as inline SVG: no script, no file beside, readable in light, dark and on paper."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 34


@dataclass(frozen=True)
class Point:
    """One measured value; ``lower`` and ``upper`` where its interval is known."""

    x: float
    y: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Series:
    """A line with a name. ``colour``: 0 to 4."""

    name: str
    points: Sequence[Point]
    colour: int = 0


@dataclass(frozen=True)
class Chart:
    """What one chart shows. ``level`` is a line to compare with, such as chance; ``percent``: y is a share."""

    title: str
    explained: str
    series: Sequence[Series]
    percent: bool = False
    level: tuple[float, str] | None = None


def svg(chart: Chart) -> str:
    """The chart as one SVG element; empty where it has no two points to draw."""
    shown = [series for series in chart.series if len(series.points) > 1]
    if not shown:
        return ""
    points = [point for series in shown for point in series.points]
    ys = [y for p in points for y in (p.y, p.lower, p.upper) if y is not None]
    ys += [chart.level[0]] if chart.level else []
    frame = _Frame(min(p.x for p in points), max(p.x for p in points), *_bounds(ys, chart.percent))
    parts = [_grid(frame, chart.percent)]
    if chart.level:
        y = frame.y(chart.level[0])
        parts.append(f'<line class="level" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(
            f'<text class="tick" x="{WIDTH - RIGHT}" y="{y - 4}" text-anchor="end">{escape(chart.level[1])}</text>'
        )
    for series in shown:
        parts += [_band(frame, series), _line(frame, series, chart.percent)]
    label = escape(f"{chart.title}: {_told(shown, chart.percent)}")
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


@dataclass(frozen=True)
class _Frame:
    x0: float
    x1: float
    y0: float
    y1: float

    def x(self, value: float) -> float:
        return round(LEFT + (value - self.x0) / ((self.x1 - self.x0) or 1) * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - BOTTOM - (value - self.y0) / ((self.y1 - self.y0) or 1) * (HEIGHT - TOP - BOTTOM), 1)


def _bounds(values: Sequence[float], percent: bool) -> tuple[float, float]:
    low, high = min(0.0, *values), max(values)
    if percent:
        return 0.0, 1.0
    step = _step(high - low)
    return low, math.ceil((high or 1.0) / step) * step


def _step(span: float) -> float:
    """A round distance between four lines or so."""
    if span <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(span / 4))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= span / 4)


def _grid(frame: _Frame, percent: bool) -> str:
    parts = []
    step = 0.25 if percent else _step(frame.y1 - frame.y0)
    count = round((frame.y1 - frame.y0) / step)
    for i in range(count + 1):
        value = frame.y0 + i * step
        y = frame.y(value)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(
            f'<text class="tick" x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{written(value, percent)}</text>'
        )
    wide = _step(frame.x1 - frame.x0)
    value = math.ceil(frame.x0 / wide) * wide
    while value <= frame.x1:
        parts.append(
            f'<text class="tick" x="{frame.x(value)}" y="{HEIGHT - 16}" text-anchor="middle">{value:.0f}</text>'
        )
        value += wide
    parts.append(f'<text class="tick" x="{WIDTH - RIGHT}" y="{HEIGHT - 3}" text-anchor="end">exchanges</text>')
    return "".join(parts)


def _band(frame: _Frame, series: Series) -> str:
    known = [(p.x, p.lower, p.upper) for p in series.points if p.lower is not None and p.upper is not None]
    if len(known) < 2:
        return ""
    there = [f"{frame.x(x)},{frame.y(upper)}" for x, _, upper in known]
    back = [f"{frame.x(x)},{frame.y(lower)}" for x, lower, _ in reversed(known)]
    return f'<polygon class="band c{series.colour}" points="{" ".join(there + back)}"/>'


def _line(frame: _Frame, series: Series, percent: bool) -> str:
    path = " ".join(f"{frame.x(p.x)},{frame.y(p.y)}" for p in series.points)
    last = series.points[-1]
    told = escape(f"{series.name}: {written(last.y, percent)} at exchange {last.x:.0f}")
    line = f'<polyline class="c{series.colour}" points="{path}"/>'
    place = f'cx="{frame.x(last.x)}" cy="{frame.y(last.y)}" r="3.5"'
    return f'{line}<circle class="c{series.colour}" {place}><title>{told}</title></circle>'


def _told(series: Sequence[Series], percent: bool) -> str:
    return "; ".join(
        f"{each.name} from {written(each.points[0].y, percent)} to {written(each.points[-1].y, percent)}"
        for each in series
    )


def written(value: float, percent: bool) -> str:
    """A value as the axis shows it."""
    if percent:
        return f"{100 * value:.0f} %"
    return f"{value:.0f}" if value == round(value) or abs(value) >= 100 else f"{value:.2g}"
