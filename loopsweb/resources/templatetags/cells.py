"""Template tags for what lists and details tell of a row. A list draws each of them fifty times, so
they are no templates of their own."""

from __future__ import annotations

from django import template
from django.template.defaultfilters import pluralize
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from loopsweb.resources.deployments.run_pairing import PAIR, SERVERLESS, TRAINER_ONLY, Figures
from loopsweb.resources.snapshot.models import Snapshot
from loopsweb.ui.templatetags.ui import moment, or_dash, usd

register = template.Library()

NOTHING = SafeString("")
PER_TOKEN = mark_safe(
    ' <span class="two" data-brief="per token" title="while idle; billed per token">'
    "while idle; billed per token</span>"
)


@register.simple_tag
def missing(row: Snapshot | None) -> SafeString:
    """Why a row may not be as it is shown, if anything says so."""
    if not row:
        return NOTHING
    if row.starting:
        text = '<span class="two starting">Starting… by {} with {}</span>'
        return format_html(text, row.starting.person or "somebody", row.starting.key_label)
    absence = tell_absence(row)
    return format_html('<span class="two missing">{}</span>', absence) if absence else NOTHING


def tell_absence(row: Snapshot) -> str:
    """That it was deleted, or is not, or not wholly, in the last answer."""
    if deleted_at := getattr(row, "deleted_at", None):
        return format_html("deleted {}", moment(deleted_at))
    if row.missing_since:
        return format_html("not listed since {}", moment(row.missing_since))
    if row.is_status_omitted:
        return "status not in the last answer"
    count = len(row.omitted)
    return f"{count} field{pluralize(count)} not in the last answer" if count else ""


@register.simple_tag
def gpus(of: Figures) -> SafeString:
    """GPUs in use, of a deployment with its sampler or of a run."""
    gpu_type = of.gpu_type if of.gpus_held else ""
    kind = format_html(' <span class="muted">{}</span>', gpu_type) if gpu_type else NOTHING
    return format_html("{}{}{}", or_dash(of.gpus_held), kind, split_gpus(of))


def split_gpus(of: Figures) -> SafeString:
    """What the number is of, where it is not of one thing alone."""
    if of.gpus_of != PAIR:
        return format_html(' <span class="two">{}</span>', of.gpus_of) if of.gpus_of else NOTHING
    if not (of.trainer_gpus and of.sampler_gpus):
        return NOTHING
    brief = f"{of.trainer_gpus} + {of.sampler_gpus}"
    whole = f"trainer {of.trainer_gpus}, sampler {of.sampler_gpus}"
    return format_html(
        ' <span class="two" data-brief="{}" title="{}">{}</span>', brief, whole, whole
    )


@register.simple_tag
def usd_per_hour(of: Figures) -> SafeString:
    """As in `gpus`."""
    part = NOTHING
    if of.cost_of == SERVERLESS:
        part = PER_TOKEN
    elif of.cost_of == TRAINER_ONLY:
        part = format_html(' <span class="two">{}</span>', TRAINER_ONLY)
    return format_html("{}{}{}", usd(of.cost_per_hour), part, cost_source(of.cost_source))


@register.simple_tag
def cost_source(source: str) -> SafeString:
    """Says that a cost is not of the API's prices."""
    if "rate" not in source:
        return NOTHING
    text = ' <span class="two" data-brief="admin\'s rate" title="{}">{}</span>'
    return format_html(text, source, source)
