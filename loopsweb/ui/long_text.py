"""Names, ids and URIs where there is little room: cut in the middle, or wrapped at separators."""

from __future__ import annotations

import re

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

WBR = mark_safe("<wbr>")
SHORT = 20  # letters that always have room
LONGEST_TAIL, PLAIN_TAIL = 18, 10
LONGEST_EMAIL = 64  # that is shown whole in a narrow column
LONGEST_PART = 32  # letters without a separator that fit a narrow page
URI = re.compile(r"(\w+://[^/]+/)([^/]+/)(.+)", re.DOTALL)
TAIL = re.compile(r"(?<=[/\-_.:@ ])(?:[^/]{4,18}|[^/]{2,12}/[^/]{1,5})$")
PART = re.compile(rf"(?:\w+://)?[^/_]{{0,{LONGEST_PART}}}[/_]+|[^/_]{{1,{LONGEST_PART}}}")
INSIDE, BETWEEN = r"(?:[^/_.:,=&?]|\.(?=\d))", r"(?:[/_:,=&?]|\.(?!\d))"  # 3.3 is one part
SEPARATED = re.compile(f"{INSIDE}*{BETWEEN}+|{INSIDE}+")


def split_tail(text: str) -> tuple[str, str]:
    """What may be cut, and the end, which tells versions and steps apart: ("meta-llama/Llama-",
    "3.3-70B-Instruct"). No head where the text is short."""
    if len(text) <= SHORT:
        return "", text
    at = next((m.start() for m in TAIL.finditer(text)), len(text) - PLAIN_TAIL)
    return text[:at], text[at:]


def split_pairs(text: str) -> list[tuple[str, str]]:
    """Pairs of what may be cut and what stays. Checkpoints of a run differ before their names too:
    "weights/", "sampler_weights/"."""
    uri = URI.fullmatch(text)
    if not uri or len(text) <= SHORT:
        return [split_tail(text)]
    start, segment, name = uri.groups()
    head, tail = split_tail(name)
    return [(start, segment), (head, tail)] if head else [(start, segment + tail)]


def mark_breaks(text: str, parts: re.Pattern[str] = PART) -> SafeString:
    """The text, which may be broken after / and _, and where a part is longer than any page."""
    return format_html_join(WBR, "{}", ((part,) for part in parts.findall(text)))


def mark_separators(text: str) -> SafeString:
    """The text, which may be broken after whatever separates its parts: for narrow columns."""
    return mark_breaks(text, SEPARATED)


def mark_domain(email: str) -> SafeString:
    """The email, which may be broken before its domain: people differ in what stands before it.
    One that would fill a page is cut."""
    if len(email) > LONGEST_EMAIL:
        return render_long_text(email)
    name, at, domain = email.rpartition("@")
    return format_html("{}{}{}{}", name, WBR if name else "", at, domain)


def render_long_text(text: str) -> SafeString:
    """All of it stands in the page, to be searched and copied. What of it shows is up to CSS."""
    pairs = split_pairs(text)
    if not pairs[0][0]:
        return escape(text)
    parts = ((mark_breaks(part),) for pair in pairs for part in pair)
    return format_html(
        '<span class="middle">{}</span>', format_html_join(WBR, "<span>{}</span>", parts)
    )
