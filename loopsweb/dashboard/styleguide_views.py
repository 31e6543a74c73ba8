"""Every part of a page in every state, from the templates that all pages use. Not in production."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.http import Http404, HttpResponse

from loopsweb.accounts.authorization.decorators import SignedInRequest, signed_in
from loopsweb.dashboard.vocabularies import VOCABULARIES
from loopsweb.resources.checkpoints.over_time import LABELS
from loopsweb.resources.deactivations.states import DEACTIVATION
from loopsweb.resources.history.statuses import Knowledge, Stretch
from loopsweb.resources.pages.freshness import FeedFreshness
from loopsweb.resources.pages.status_band import build_span
from loopsweb.resources.runs.statuses import RUN
from loopsweb.ui.charts.bands import Band, Mark, Span, draw_band
from loopsweb.ui.charts.bars import Bar, BarChart, draw_bars
from loopsweb.ui.charts.lines import MOST_OVERLAID, Line, LineChart, draw_lines
from loopsweb.ui.charts.scales import TimeScale
from loopsweb.ui.field_groups import FieldGroup, group_fields
from loopsweb.ui.pages import render_page

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SCALE = TimeScale(NOON - timedelta(hours=24), NOON)
LONG_NAMES = (
    "meta-llama/Llama-3.3-70B-Instruct",
    "bt://loops:k4q95w5/sampler_weights/step-4400",
    "a-name-of-255-letters-" + "n" * 233,
)
WRONG = {"wrong-reason": "far too long", "wrong-seed": "x"}
FAILURE = "The API answered 503 Service Unavailable."


class SampleForm(forms.Form):
    name = forms.CharField(label="Name", help_text="Shown on lists.")
    status = forms.ChoiceField(label="Status", choices=[("a", "Any"), ("b", "Running")])
    reason = forms.CharField(
        label="Reason", required=False, widget=forms.Textarea({"rows": 2}), max_length=10
    )
    shared = forms.BooleanField(label="Share with the team", required=False)
    seed = forms.IntegerField(label="Seed", required=False)


class GroupedForm(SampleForm):
    @property
    def groups(self) -> list[FieldGroup]:
        return group_fields(self, [("What", ("name", "status", "reason")), ("Advanced", ("seed",))])


@signed_in
def show_styleguide(request: SignedInRequest) -> HttpResponse:
    if not (settings.DEBUG or settings.DEMO):
        raise Http404("The style guide is part of the demo.")
    context = {
        "vocabularies": VOCABULARIES,
        "long_names": LONG_NAMES,
        "form": SampleForm(prefix="empty"),
        "wrong_form": (wrong := SampleForm(WRONG, prefix="wrong")),
        "wrong_forms": [wrong],
        "grouped_form": GroupedForm(prefix="grouped"),
        "freshness": list_freshness(),
        "toasts": [
            Message(level, text)
            for level, text in (
                (constants.SUCCESS, "Run created."),
                (constants.INFO, "This form was already submitted."),
                (constants.WARNING, "The outcome is not known yet."),
                (constants.ERROR, "The API refused it. Nothing was done."),
            )
        ],
        "band": draw_sample_band(),
        "legend": list_looks(),
        "lines": draw_sample_lines(),
        "many_lines": draw_many_lines(MOST_OVERLAID, name="many-lines"),
        "rows_of_lines": draw_many_lines(2 * MOST_OVERLAID, name="rows-of-lines"),
        "bars": draw_sample_bars(),
    }
    return render_page(request, "dashboard/styleguide.html", context)


def list_freshness() -> list[dict[str, Any]]:
    """The bar of a page in each of its states."""
    fresh = FeedFreshness(as_of=NOON)
    failing = FeedFreshness(as_of=NOON, failing_since=NOON, error=FAILURE)
    unread = FeedFreshness(error="No API key polls this.")
    return [
        {"state": "ok", "feed": fresh},
        {"state": "late", "feed": fresh},
        {"state": "failing", "feed": failing},
        {"state": "unread", "feed": unread},
    ]


def draw_sample_band() -> Band:
    def at(hours: float) -> datetime:
        return NOON - timedelta(hours=hours)

    spans = [
        Span(at(24), at(20), "did not exist", "none"),
        Span(at(20), at(18), "DEPLOYING", "busy"),
        Span(at(18), at(11), "RUNNING", "good"),
        Span(at(11), at(9), "not observed", "gap"),
        Span(at(9), at(5), "RUNNING", "good"),
        Span(at(5), at(0), "STOPPED", "ended"),
    ]
    marks = [Mark(at(hours), "checkpoint") for hours in (17, 15.5, 14, 12.5)]
    act = Mark(at(5), "Deactivated by Olga", "act", url="#band")
    return draw_band(
        spans,
        name="sample-band",
        title="Status of a deployment",
        description="It ran for eleven hours, two of which were not observed.",
        scale=SCALE,
        marks=[*marks, act],
    )


def list_looks() -> list[Span]:
    """One span of each status that bands show, and of each way not to know one."""
    known = [(one, status.word) for one in VOCABULARIES.values() for status in one]
    spans = [
        build_span(Stretch(NOON, NOON, word, Knowledge.KNOWN), vocabulary)
        for vocabulary, word in [*known, (RUN, "NEVER_HEARD_OF")]
        if vocabulary is not DEACTIVATION
    ]
    spans += [
        build_span(Stretch(NOON, NOON, "", knowledge), RUN)
        for knowledge in (Knowledge.NOT_OBSERVED, Knowledge.NOT_GIVEN)
    ]
    return list({span.label: span for span in spans}.values())


def draw_many_lines(number: int, *, name: str) -> LineChart:
    ends = (SCALE.start, NOON)
    lines = [Line(f"GPU {n}", [(time, n + 1.0) for time in ends]) for n in range(number)]
    return draw_lines(
        lines,
        name=name,
        title=f"{number} lines",
        description=f"{number} lines, each higher than the one before.",
        scale=SCALE,
        show=lambda value: f"{value:.0f}",
    )


def draw_sample_lines() -> LineChart:
    times = [NOON - timedelta(hours=hours) for hours in range(24, -1, -1)]
    costs = [*(80.0 + 5 * (n % 7) for n in range(10)), None, None, *[110.0] * 13]
    known = list(zip(times, costs, strict=True))
    return draw_lines(
        [Line("dedicated", known, is_step=True), Line("spot", [(time, 20.0) for time in times])],
        name="sample-lines",
        title="Cost per hour",
        description="About $100 an hour, with a gap of two hours.",
        scale=SCALE,
        show=lambda value: f"${value:,.0f}",
    )


def draw_sample_bars() -> BarChart:
    bars = [
        Bar(NOON - timedelta(hours=23 - 2 * n), size, f"step-{n}00", LABELS[1 + n % 4], 1 + n % 4)
        for n, size in enumerate((1.5, 2.5, 3.5, None, 2.5, 3.5, 1.5, 2.5, 3.5, 1.5, 2.5, 3.5))
    ]
    return draw_bars(
        bars,
        name="sample-bars",
        title="Size of checkpoints",
        description="Twelve checkpoints, one of unknown size.",
        scale=SCALE,
        show=lambda value: f"{value:.1f} GiB",
    )
