"""Heads of the chain, signed and handed outside: what shows that a tail was cut off.

A head is {"workspace", "sequence", "digest", "at", "public_key", "signature"}: Ed25519 over the
first four as canonical JSON.
"""

from __future__ import annotations

import base64
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from loopsweb.audit.chain.verifier import Line, Verified
from loopsweb.audit.models import Chain, SignedHead
from loopsweb.audit.verify import signed_part

DAILY = timedelta(hours=24)
DOWNLOAD = "a download"
SEED_BYTES = 32


def signing_key() -> Ed25519PrivateKey:
    """From LOOPSWEB_AUDIT_KEY (base64 of 32 bytes), else made once in the data directory."""
    given = settings.LOOPSWEB_AUDIT_KEY or generated(Path(settings.DATA_DIR) / "audit_key")
    try:
        seed = base64.b64decode(given, validate=True)
    except ValueError:
        seed = b""
    if len(seed) != SEED_BYTES:
        raise ImproperlyConfigured("LOOPSWEB_AUDIT_KEY must be base64 of 32 bytes.")
    return Ed25519PrivateKey.from_private_bytes(seed)


def generated(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(base64.b64encode(os.urandom(SEED_BYTES)).decode())
    except FileExistsError:
        pass
    return file.read_text().strip()


def public_key() -> str:
    """Base64 of its 32 bytes."""
    return base64.b64encode(signing_key().public_key().public_bytes_raw()).decode()


def sign(verified: Verified, *, now: datetime) -> Line:
    """The head of a chain that was followed up to there. Not kept."""
    head: dict[str, Any] = {
        "workspace": verified.workspace,
        "sequence": verified.sequence,
        "digest": verified.digest,
        "at": now.isoformat().replace("+00:00", "Z"),
    }
    signature = signing_key().sign(signed_part(head))
    return head | {
        "public_key": public_key(),
        "signature": base64.b64encode(signature).decode(),
    }


def due(*, now: datetime) -> list[str]:
    """Workspaces that have grown since their head was signed and handed out, more than a day ago.
    Downloads are nobody's duty and do not count."""
    handed = SignedHead.objects.exclude(handed_to=DOWNLOAD).exclude(handed_to__contains="failed")
    lately = handed.filter(at__range=(now - DAILY, now))
    waiting = Chain.objects.exclude(workspace__in=lately.values("workspace")).filter(sequence__gt=0)
    newest = {kept.workspace: kept.head for kept in handed.filter(at__lte=now).order_by("at")}
    return [
        chain.workspace
        for chain in waiting
        if newest.get(chain.workspace, {}).get("sequence") != chain.sequence
    ]
