"""A picture of how far figures are from their bounds: a bar each, on a logarithmic scale."""

from __future__ import annotations

import math
from html import escape

from bench.figures import Figure

LEAST, MOST = 0.1, 100.0  # times the bound
LABELS, BARS, ROW = 520, 420, 22  # widths and the height of a row
TICKS = (0.1, 0.3, 1, 3, 10, 30, 100)
TEXT, MUTED, LINE, OK, MISSED = "#1f2430", "#5b6270", "#c9ced8", "#3b7a57", "#b3432f"


def draw_plot(figures: list[Figure], *, title: str) -> str:
    """SVG of the figures that have a bound. Its text says everything that its colours do."""
    drawn = [(one, one.times_bound) for one in figures if one.times_bound is not None]
    height, end = ROW * (len(drawn) + 2), LABELS + BARS + 90
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {end} {height}" role="img">',
        '<g font-family="system-ui, sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{end}" height="{height}" fill="#ffffff"/>',
        *(draw_tick(tick, height) for tick in TICKS),
        *(draw_bar(one, times, ROW * (row + 1)) for row, (one, times) in enumerate(drawn)),
        "</g></svg>",
    ]
    return "\n".join(parts) + "\n"


def draw_tick(times: float, height: int) -> str:
    x, colour = scale(times), TEXT if times == 1 else LINE
    label = "the bound" if times == 1 else f"{times:g} times"
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{ROW}" y2="{height - ROW}" stroke="{colour}"/>'
        f'<text x="{x:.1f}" y="{ROW - 8}" fill="{MUTED}" text-anchor="middle">{label}</text>'
    )


def draw_bar(figure: Figure, times: float, y: int) -> str:
    width = scale(times) - LABELS
    colour, verdict = (OK, "ok") if times <= 1 else (MISSED, "missed")
    value = f"{times:.2g} {verdict}" if math.isfinite(times) else "failed"
    return (
        f'<text x="{LABELS - 8}" y="{y + 15}" fill="{TEXT}" text-anchor="end">'
        f"{escape(figure.name)}</text>"
        f'<rect x="{LABELS}" y="{y + 4}" width="{width:.1f}" height="{ROW - 8}" fill="{colour}"/>'
        f'<text x="{LABELS + width + 6:.1f}" y="{y + 15}" fill="{TEXT}">{value}</text>'
    )


def scale(times: float) -> float:
    """The place across of so many times the bound; what is beyond an end is at it."""
    within = min(max(times, LEAST), MOST)
    return LABELS + BARS * math.log(within / LEAST) / math.log(MOST / LEAST)
