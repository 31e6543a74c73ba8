"""A measured figure, its floor and its bound: as a line of text and as a row of a table."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

COLUMNS = ("figure", "value", "floor", "ratio", "bound", "besides", "")
NONE = "\N{EN DASH}"
WIDTHS = (58, 12, 12, 7, 7)
THREE_DIGITS = 99.95

Besides = dict[str, tuple[float, float | None, str]]


@dataclass(frozen=True)
class Figure:
    """value: infinite of what failed. floor: what the least that could be done costs, None where
    nothing is compared. bound: of the ratio, or of the value where there is no floor: the most it
    may be, or the least. besides: {what else was measured: (value, bound, unit)}, None where it has
    no bound."""

    name: str
    value: float
    floor: float | None = None
    bound: float | None = None
    unit: str = "ms"
    besides: Besides = field(default_factory=dict)
    is_least: bool = False

    @property
    def ratio(self) -> float | None:
        return None if self.floor is None else self.value / self.floor

    @property
    def times_bound(self) -> float | None:
        """How often the bound is reached: more than 1 of what has missed it."""
        if self.bound is None:
            return None
        measured = self.value if self.ratio is None else self.ratio
        return self.bound / measured if self.is_least else measured / self.bound

    @property
    def holds(self) -> bool:
        others = self.besides.values()
        return (
            self.value < math.inf
            and (self.times_bound is None or self.times_bound <= 1)
            and all(bound is None or value <= bound for value, bound, _ in others)
        )

    @property
    def cells(self) -> tuple[str, ...]:
        return (
            self.name,
            f"{format_number(self.value)} {self.unit}".strip(),
            NONE if self.floor is None else f"{format_number(self.floor)} {self.unit}".strip(),
            NONE if self.ratio is None else f"{self.ratio:.2f}",
            NONE if self.bound is None else f"{'≥' if self.is_least else '≤'} {self.bound:g}",
            ", ".join(
                f"{format_number(value)} {unit} {what}"
                + ("" if bound is None else f" (≤ {bound:g})")
                for what, (value, bound, unit) in self.besides.items()
            ).replace("  ", " "),
            "ok" if self.holds else "missed",
        )

    def format_line(self) -> str:
        name, *numbers, besides, verdict = self.cells
        aligned = [text.rjust(width) for text, width in zip(numbers, WIDTHS[1:], strict=True)]
        words = [name.ljust(WIDTHS[0]), *aligned, besides, verdict]
        return "  ".join(word for word in words if word)


def format_number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= THREE_DIGITS else f"{value:.3g}"


def format_table(figures: list[Figure]) -> str:
    rows = [COLUMNS, ("---", *["--:"] * 4, "---", "---"), *(one.cells for one in figures)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
