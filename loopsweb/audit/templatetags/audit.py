from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from loopsweb.audit.models import Event
from loopsweb.audit.outcomes import OUTCOME
from loopsweb.ui.templatetags.ui import badge

register = template.Library()


@register.simple_tag
def outcome(event: Event) -> SafeString:
    """How it went, as shape, colour and word."""
    return badge(OUTCOME, event.outcome)
