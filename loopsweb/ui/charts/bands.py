"""What something was over time, as a band of spans with ticks on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from loopsweb.ui.charts.scales import TimeScale
from loopsweb.ui.statuses import Tone

Look = Tone | Literal["gap", "none"]
LETTER, AROUND = 8, 14  # pixels of a letter of a label, and around it
WIDTHS = (240, 320, 480, 640, 800, 1000, 1200)  # of pictures in pixels; in charts.css too
SAME_PLACE = 0.3  # per cent; ticks closer together are drawn as one


@dataclass(frozen=True)
class Span:
    """look: the tone of a status, "gap" for what was not observed, "none" where it did not exist.
    variant: of several of one look, each with its own pattern in templates/ui/charts/patterns.html.
    note: what else is known of it."""

    start: datetime
    end: datetime
    label: str
    look: Look
    note: str = ""
    variant: int = 1

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True)
class Mark:
    """A moment on a band. kind: its shape, "tick" or "act"."""

    at: datetime
    label: str
    kind: Literal["tick", "act"] = "tick"
    url: str = ""


@dataclass(frozen=True)
class PlacedSpan:
    span: Span
    x: float
    width: float

    @property
    def labelled_from(self) -> int | None:
        """Of WIDTHS, that from which the whole label has room; None for no label."""
        if self.span.look == "none":
            return None
        room = 100 * (LETTER * len(self.span.label) + AROUND)
        return next((width for width in WIDTHS if width * self.width >= room), None)


@dataclass(frozen=True)
class PlacedMark:
    """number: of marks in this place, drawn as one."""

    mark: Mark
    x: float
    number: int = 1
    last: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Band:
    """name: unique in the page; it makes ids."""

    name: str
    title: str
    description: str
    scale: TimeScale
    spans: list[PlacedSpan]
    marks: list[PlacedMark]

    @property
    def legend(self) -> list[Span]:
        """One span of each label, in the order of their first."""
        shown = [one.span for one in reversed(self.spans) if one.span.look != "none"]
        return list({span.label: span for span in shown}.values())[::-1]

    @property
    def marks_of_kinds(self) -> list[Mark]:
        """One of the ticks, and every act."""
        ticks = [one.mark for one in self.marks if one.mark.kind == "tick"]
        return ticks[:1] + [one.mark for one in self.marks if one.mark.kind == "act"]


def draw_band(
    spans: Iterable[Span],
    *,
    name: str,
    title: str,
    scale: TimeScale,
    description: str = "",
    marks: Iterable[Mark] = (),
) -> Band:
    """What is outside the scale is left out. Spans are in order of time."""
    inside = [clip(one, scale) for one in spans if one.end > scale.start and one.start < scale.end]
    seen = sorted(
        (one for one in marks if scale.start <= one.at <= scale.end), key=lambda one: one.at
    )
    return Band(
        name=name,
        title=title,
        description=description or describe_spans(inside),
        scale=scale,
        spans=[place_span(one, scale) for one in inside],
        marks=place_marks(seen, scale),
    )


def clip(span: Span, scale: TimeScale) -> Span:
    return replace(span, start=max(span.start, scale.start), end=min(span.end, scale.end))


def place_span(span: Span, scale: TimeScale) -> PlacedSpan:
    x = scale.place(span.start)
    return PlacedSpan(span, x, round(scale.place(span.end) - x, 3))


def place_marks(marks: Sequence[Mark], scale: TimeScale) -> list[PlacedMark]:
    placed: list[PlacedMark] = []
    for mark in marks:
        x = scale.place(mark.at)
        before = placed[-1] if placed else None
        if before and before.mark.kind == mark.kind == "tick" and x - before.x < SAME_PLACE:
            placed[-1] = replace(before, number=before.number + 1, last=mark.at)
        else:
            placed.append(PlacedMark(mark, x))
    return placed


def describe_spans(spans: Sequence[Span]) -> str:
    """How long each label lasted in all, the longest first."""
    totals: dict[str, timedelta] = {}
    for span in spans:
        totals[span.label] = totals.get(span.label, timedelta()) + span.length
    whole = sum(totals.values(), timedelta())
    longest = sorted(totals.items(), key=lambda item: -item[1])
    return ", ".join(f"{label} {length / whole:.0%}" for label, length in longest if whole) + "."
