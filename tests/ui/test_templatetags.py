from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils.html import escape
from hypothesis import given
from hypothesis import strategies as st

from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.ui.long_text import mark_separators
from loopsweb.ui.templatetags import ui
from loopsweb.ui.timestamps import format_utc

ABSENT = '<abbr title="not known">—</abbr>'


def test_a_time_is_absolute_and_in_utc_without_javascript() -> None:
    east = datetime(2026, 11, 23, 23, 17, 5, tzinfo=timezone(timedelta(hours=2)))
    shown = '<time datetime="2026-11-23T21:17:05Z">2026-11-23 21:17 UTC</time>'
    assert ui.when(east) == f"<time-ago>{shown}</time-ago>"


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (1023, "1,023 B"),
        (1024, "1.0 KiB"),
        (524288000, "500.0 MiB"),
        (2**53, "8.0 PiB"),
        (2**63 - 1, "8,192.0 PiB"),
    ],
)
def test_sizes_are_binary_with_the_exact_number_on_hover(count: int, shown: str) -> None:
    assert ui.size(count) == f'<span class="num" title="{count:,} bytes">{shown}</span>'


def test_missing_values_are_a_dash_and_zero_is_not() -> None:
    assert [ui.or_dash(""), ui.or_dash(None), ui.or_dash(0)] == [ABSENT, ABSENT, 0]
    assert [ui.size(None), ui.when(None), ui.at(None), ui.usd(None)] == [ABSENT] * 4
    assert ui.usd(Decimal(0)) == "$0.00"
    assert ui.ident("") == ABSENT


def test_a_known_status_has_a_tone_and_links_to_its_meaning() -> None:
    assert ui.badge(DEPLOYMENT, "RUNNING") == '<span class="status good">RUNNING</span>'
    assert 'href="/help/statuses/#deployments-running"' in ui.badge(
        DEPLOYMENT, "RUNNING", link=True
    )


@given(st.text(min_size=1))
def test_an_unknown_status_is_shown_escaped(word: str) -> None:
    shown = ui.badge(DEPLOYMENT, f"X{word}").replace("<wbr>", "")
    assert shown.startswith('<span class="status unknown">')
    assert re.sub("</?span[^>]*>", "", shown) == escape(f"X{word}")


def test_a_text_may_break_between_its_parts_and_not_within_a_version() -> None:
    assert mark_separators("a_b/Llama-3.3-70B.bin") == "a_<wbr>b/<wbr>Llama-3.3-70B.<wbr>bin"


@given(st.text(alphabet="a1./_:,=&? "))
def test_marks_of_breaks_change_no_text(text: str) -> None:
    assert mark_separators(text).replace("<wbr>", "") == escape(text)


def test_a_status_of_several_words_and_an_email_say_where_they_may_break() -> None:
    shown = '<span class="status idle"><span>SCALED_<wbr>TO_<wbr>ZERO</span></span>'
    assert ui.badge(DEPLOYMENT, "SCALED_TO_ZERO") == shown
    emails = ["ada@example.com", "<i>@b", "ada", ""]
    shown_emails = ["ada<wbr>@example.com", "&lt;i&gt;<wbr>@b", "ada", ABSENT]
    assert [Template("{{ it|email }}").render(Context({"it": it})) for it in emails] == shown_emails


def test_an_id_is_always_escaped() -> None:
    shown = ui.ident('"><script>', "run ID", "/w/a/runs/x/")
    assert "<script>" not in shown
    assert 'label="run ID"' in shown


def test_the_page_time_is_in_utc() -> None:
    assert format_utc(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00Z"
