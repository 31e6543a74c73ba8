"""What a page of logs should show, as its URL says it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from loopsweb.resources.telemetry.log_pages import to_millis
from loopsweb.resources.telemetry.windows import (
    InvalidWindow,
    Window,
    list_presets,
    parse_time,
    parse_window,
)
from loopsweb.ui.url_text import clean_text

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
DEFAULT_WINDOW = "30m"
AROUND = timedelta(minutes=30)
MAX_MILLIS = 253_402_300_799_000
MAX_SEARCH = 200
MAX_HIT = 1_000_000


@dataclass(frozen=True, kw_only=True)
class LogQuery:
    """before, after: where the page ends or begins, in milliseconds since 1970. hit: its number,
    from 1, the oldest first; 0 is the newest. hits_only: lines without a hit are left out."""

    window: Window
    level: str = ""
    q: str = ""
    hits_only: bool = False
    hit: int = 0
    before: int | None = None
    after: int | None = None
    wraps: bool = True
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def is_newest(self) -> bool:
        """True for a page that ends now, and can be followed."""
        return bool(self.window.preset) and self.before is None and self.after is None

    def url(self, **changes: Any) -> str:
        """The query string of this page with `changes`, which lead away from its place."""
        places = {"hit": self.hit, "before": self.before, "after": self.after}
        state = {
            **self.window.parameters,
            "level": self.level,
            "q": self.q,
            "only": "hits" if self.hits_only else "",
            "wrap": "" if self.wraps else "no",
            **({} if changes else places),
            **changes,
        }
        return "?" + urlencode({k: v for k, v in state.items() if v not in {"", None, 0}})

    @property
    def here(self) -> LogQuery:
        """The same of just this span, also later."""
        return replace(self, window=replace(self.window, preset=""))

    @property
    def presets(self) -> list[tuple[str, str, str]]:
        """(name, label, query string) of each span that ends now."""
        return list_presets(self.window, lambda span: replace(self, window=span).url(hit=0))

    @property
    def other_wrap_url(self) -> str:
        return replace(self, wraps=not self.wraps).url()

    @property
    def span_url(self) -> str:
        """Nothing but the span of time."""
        return "?" + urlencode(self.window.parameters)

    @property
    def newest_url(self) -> str:
        return self.url(hit=0)


def parse_log_query(given: QueryDict, *, now: datetime) -> LogQuery:
    """What cannot be understood is in `errors`, by parameter."""
    errors: dict[str, str] = {}
    window = parse_window({}, now=now, default=DEFAULT_WINDOW)
    after = parse_millis(given.get("after", ""))
    times = {name: given.get(name, "") for name in ("window", "from", "to", "at")}
    try:
        window = parse_window(times, now=now, default=DEFAULT_WINDOW)
        if at := parse_time(times, "at"):
            window, after = move_window(window, at, now), to_millis(at)
    except InvalidWindow as why:
        errors = why.errors
    level, q = given.get("level", ""), given.get("q", "").strip()
    if level and level not in LEVELS:
        errors["level"] = f"Choose one of {', '.join(LEVELS)}."
    if len(q) > MAX_SEARCH:
        errors["q"] = f"Search for at most {MAX_SEARCH} characters."
    hit = clean_text(given.get("hit"))
    return LogQuery(
        window=window,
        level="" if "level" in errors else level,
        q=q[:MAX_SEARCH],
        hits_only=given.get("only") == "hits" and bool(q),
        hit=min(int(hit), MAX_HIT) if hit.isascii() and hit.isdecimal() else 0,
        before=parse_millis(given.get("before", "")),
        after=after,
        wraps=given.get("wrap") != "no",
        errors=errors,
    )


def move_window(window: Window, at: datetime, now: datetime) -> Window:
    """The window if `at` is in it, else the half hour before and after. Raises InvalidWindow."""
    if at >= now:
        raise InvalidWindow(at="This time has not come yet. Choose an earlier one.")
    if window.start <= at <= window.end:
        return window
    return Window(at - AROUND, min(at + AROUND, now))


def parse_millis(text: str) -> int | None:
    digits = text if text.isascii() and text.isdecimal() else ""
    return min(int(digits[:15]), MAX_MILLIS) if digits else None
