"""Verify a chain and remember what was found, so that a page can say so truthfully."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from loopsweb.audit.chain import checkpoints, trail
from loopsweb.audit.chain.verifier import Broken
from loopsweb.audit.models import Chain, SignedHead
from loopsweb.audit.verify import signature_checker

log = logging.getLogger(__name__)


def check(workspace: str, *, now: datetime) -> Chain:
    """Against the heads signed before, too: a tail that was cut off shows there."""
    public_key = checkpoints.public_key()
    signed = SignedHead.objects.filter(workspace=workspace, head__public_key=public_key)
    kept = list(signed.values_list("head", flat=True))
    check_signature = signature_checker(public_key)
    found: dict[str, Any] = {"verified_at": now, "erased": 0, "problem": ""}
    try:
        for head in kept:
            check_signature(head)
        verified = trail.verify(workspace, handed_out=kept)
        found |= {"verified_sequence": verified.sequence, "erased": verified.erased}
    except Broken as broken:
        log.critical("the audit trail of %s does not hold: %s", workspace, broken)
        sound = max(broken.sequence - 1, 0)
        found |= {"verified_sequence": sound, "problem": str(broken)}
    kept_as, _ = Chain.objects.update_or_create(workspace=workspace, defaults=found)
    return kept_as
