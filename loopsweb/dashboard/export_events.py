"""Audit events for exports of the audit trail."""

from __future__ import annotations

from datetime import datetime

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Target, actor_of_request, record_event


def record_audit_export(
    request: WorkspaceRequest, target_name: str, *, now: datetime, reason: str = ""
) -> None:
    """Call it before any data leaves."""
    actor, outcome = actor_of_request(request), Outcome.SUCCEEDED
    target: Target = {"target_noun": "audit", "target_name": target_name}
    record_event(**actor, **target, action="audit.export", outcome=outcome, reason=reason, now=now)
