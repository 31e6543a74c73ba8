from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from loopsweb.audit.models import Event
from loopsweb.ui.statuses import Status, Vocabulary
from loopsweb.ui.templatetags.ui import badge

register = template.Library()

OUTCOME = Vocabulary(
    "audit",
    Status("requested", "busy", "Recorded before anything was sent to the API."),
    Status("succeeded", "good", "The API accepted it, or loopsweb did it."),
    Status("refused", "bad", "The API or loopsweb refused it."),
    Status("unknown", "warn", "The outcome is not known."),
    Status("confirmed", "good", "The API's data shows the result."),
    Status("observed", "idle", "It happened without being requested here."),
    Status("denied", "bad", "This person is not allowed to do it."),
    Status("approved", "good", "A second person approved the request."),
    Status("declined", "idle", "A second person declined the request. Nothing was sent."),
    Status("withdrawn", "idle", "The request was withdrawn. Nothing was sent."),
    Status("expired", "idle", "The request expired. Nothing was sent."),
    Status("synced", "good", "The checkpoints it waited for have synced."),
)


@register.simple_tag
def outcome(event: Event) -> SafeString:
    """The event's outcome as a badge."""
    return badge(OUTCOME, event.outcome)
