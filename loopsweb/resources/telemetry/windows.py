"""The span of time that a page of logs or metrics is about, as its URL says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.http import QueryDict

from loopsweb.ui.timestamps import format_utc, parse_utc

LONGEST = timedelta(days=7)
EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
PRESETS = {
    "15m": (timedelta(minutes=15), "Last 15 minutes"),
    "30m": (timedelta(minutes=30), "Last 30 minutes"),
    "1h": (timedelta(hours=1), "Last hour"),
    "6h": (timedelta(hours=6), "Last 6 hours"),
    "24h": (timedelta(hours=24), "Last 24 hours"),
    "3d": (timedelta(days=3), "Last 3 days"),
    "7d": (LONGEST, "Last 7 days"),
}
HOW_TO_WRITE = "Write a time in UTC, such as 2026-11-24T03:00."


class InvalidWindow(Exception):
    """errors: {parameter: what is wrong with it and what to do}."""

    def __init__(self, **errors: str) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = {name.rstrip("_"): text for name, text in errors.items()}


@dataclass(frozen=True)
class Window:
    """From `start` to `end`, both aware. preset: one of PRESETS that ends now, or ""."""

    start: datetime
    end: datetime
    preset: str = ""

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    @property
    def fixed(self) -> dict[str, str]:
        """The parameters of this very span, which does not move on."""
        return {"from": format_utc(self.start), "to": format_utc(self.end)}

    @property
    def parameters(self) -> dict[str, str]:
        return {"window": self.preset} if self.preset else self.fixed


def parse_window(given: Mapping[str, str], *, now: datetime, default: str) -> Window:
    """From `from` and `to`, else from `window`. Raises InvalidWindow."""
    if not given.get("from") and not given.get("to"):
        preset = given.get("window") or default
        if preset not in PRESETS:
            raise InvalidWindow(window=f"Choose one of {', '.join(PRESETS)}.")
        return Window(now - PRESETS[preset][0], now, preset)
    end = parse_time(given, "to") or now
    start = parse_time(given, "from") or end - PRESETS[default][0]
    if start >= min(end, now):
        raise InvalidWindow(from_="Begin before the end, and not in the future.")
    if end - start > LONGEST:
        raise InvalidWindow(from_="Choose at most 7 days: the API gives no more at once.")
    return Window(start, min(end, now))


def list_presets(window: Window, build_url: Callable[[Window], str]) -> list[tuple[str, str, str]]:
    """(name, label, URL) of each span that ends now."""
    return [
        (name, label, build_url(replace(window, preset=name)))
        for name, (_, label) in PRESETS.items()
    ]


def show_typed(window: Window, given: QueryDict, *names: str, is_valid: bool) -> dict[str, str]:
    """What the fields of times hold: a fixed window's ends, or what was typed if it is wrong."""
    typed = {name: given.get(name, "") for name in names}
    if window.preset or not is_valid:
        return typed
    return typed | {"from": format_field(window.start), "to": format_field(window.end)}


def format_field(time: datetime) -> str:
    """As a field for a local time holds it, here in UTC."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def parse_time(given: Mapping[str, str], name: str) -> datetime | None:
    """A time in ISO 8601, UTC unless it says otherwise. Raises InvalidWindow."""
    text = (given.get(name) or "").strip()
    if not text:
        return None
    try:
        time = parse_utc(text)
    except ValueError:
        raise InvalidWindow(**{name: HOW_TO_WRITE}) from None
    if not EARLIEST <= time <= EARLIEST + timedelta(days=36_500):
        raise InvalidWindow(**{name: HOW_TO_WRITE})
    return time
