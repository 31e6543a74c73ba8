"""Verify a chain and remember what was found, so that a page can say so truthfully."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from loopsweb.audit import trail
from loopsweb.audit.models import Chain, SignedHead
from loopsweb.audit.verify import Broken

log = logging.getLogger(__name__)


def check(workspace: str, *, now: datetime) -> Chain:
    """Against the heads signed before, too: a tail that was cut off shows there."""
    signed = SignedHead.objects.filter(workspace=workspace).values_list("head", flat=True)
    found: dict[str, Any] = {"verified_at": now, "erased": 0, "problem": ""}
    try:
        verified = trail.verify(workspace, handed_out=signed)
        found |= {"verified_sequence": verified.sequence, "erased": verified.erased}
    except Broken as broken:
        log.critical("the audit trail of %s does not hold: %s", workspace, broken)
        sound = max(broken.sequence - 1, 0)
        found |= {"verified_sequence": sound, "problem": str(broken)}
    Chain.objects.filter(workspace=workspace).update(**found)
    return Chain(workspace=workspace, **found)
