"""Exports of lists: who may, how often, and the audit event."""

from __future__ import annotations

from django.utils import timezone

from loopsweb.accounts.authorization import denials
from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.rate_limits import enforce_rate_limit
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import actor_of_request, record_event
from loopsweb.resources.nouns import Noun
from loopsweb.ui.listing import ListQuery


def require_export(request: WorkspaceRequest, *, noun: str) -> None:
    """Raises a denial, or the error of too many exports."""
    if Permission.EXPORT not in request.permissions:
        raise denials.record_denial(request, Permission.EXPORT, noun=noun)
    enforce_rate_limit(request, "export")


def record_export(request: WorkspaceRequest, noun: Noun, query: ListQuery) -> None:
    """Committed before the first row leaves. Raises as `require_export`."""
    require_export(request, noun=noun.singular)
    record_event(
        **actor_of_request(request),
        action="list.export",
        outcome=Outcome.SUCCEEDED,
        target_noun=noun.singular,
        target_name=f"{noun.slug} as CSV",
        reason=query.url().removesuffix("?"),
        now=timezone.now(),
    )
