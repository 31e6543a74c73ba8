"""Verify a chain and remember what was found, so that a page can say so truthfully."""

from __future__ import annotations

import logging
from datetime import datetime

from loopsweb.audit import trail
from loopsweb.audit.models import SignedHead, Verification
from loopsweb.audit.verify import Broken

log = logging.getLogger(__name__)


def check(workspace: str, *, now: datetime) -> Verification:
    """Against the heads signed before, too: a tail that was cut off shows there."""
    signed = SignedHead.objects.filter(workspace=workspace).values_list("head", flat=True)
    try:
        verified = trail.verify(workspace, handed_out=signed)
        found = {"sequence": verified.sequence, "erased": verified.erased, "problem": ""}
    except Broken as broken:
        log.critical("the audit trail of %s does not hold: %s", workspace, broken)
        found = {"sequence": max(broken.sequence - 1, 0), "erased": 0, "problem": str(broken)}
    verification, _ = Verification.objects.update_or_create(
        workspace=workspace, defaults={**found, "at": now}
    )
    return verification
