"""Runs a full verification of a stored chain and saves its result for the audit page."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from loopsweb.audit.chain import signed_heads
from loopsweb.audit.chain.stored import verify_stored_chain
from loopsweb.audit.chain.verifier import BrokenChain
from loopsweb.audit.models import Chain, SignedHead
from loopsweb.audit.verify import make_signature_checker

log = logging.getLogger(__name__)


def verify_and_store_result(workspace: str, *, now: datetime) -> Chain:
    """Verify a chain against every head signed with the current key. Return the updated row."""
    public_key = signed_heads.encode_public_key()
    signed = SignedHead.objects.filter(workspace=workspace, head__public_key=public_key)
    heads = list(signed.values_list("head", flat=True))
    check_signature = make_signature_checker(public_key)
    result: dict[str, Any] = {"verified_at": now, "erased": 0, "problem": ""}
    try:
        for head in heads:
            check_signature(head)
        verified = verify_stored_chain(workspace, heads=heads)
        result |= {"verified_sequence": verified.sequence, "erased": verified.erased}
    except BrokenChain as broken:
        log.critical("audit trail verification failed for %s: %s", workspace, broken)
        last_valid = max(broken.sequence - 1, 0)
        result |= {"verified_sequence": last_valid, "problem": str(broken)}
    chain, _ = Chain.objects.update_or_create(workspace=workspace, defaults=result)
    return chain
