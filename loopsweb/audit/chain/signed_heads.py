"""Signed heads. A head that was kept proves later that the end of its chain was cut off.

A head is {"workspace", "sequence", "digest", "at", "public_key", "signature"}. The signature is
Ed25519 over the first four as canonical JSON.
"""

from __future__ import annotations

import base64
import os
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Max, QuerySet

from loopsweb import retention
from loopsweb.audit.chain.stored import verify_stored_chain
from loopsweb.audit.chain.verifier import JsonObject, VerifiedChain
from loopsweb.audit.models import Chain, SignedHead
from loopsweb.audit.verify import encode_signed_part

DAILY = timedelta(hours=24)
DOWNLOAD = "a download"
SEED_BYTES = 32


def load_signing_key() -> Ed25519PrivateKey:
    """From LOOPSWEB_AUDIT_KEY (base64 of 32 bytes), else a file in the data directory.

    Raises ImproperlyConfigured.
    """
    file = Path(settings.DATA_DIR) / "audit_key"
    encoded = settings.LOOPSWEB_AUDIT_KEY or read_or_create_seed(file)
    try:
        seed = base64.b64decode(encoded, validate=True)
    except ValueError:
        seed = b""
    if len(seed) != SEED_BYTES:
        raise ImproperlyConfigured("LOOPSWEB_AUDIT_KEY must be base64 of 32 bytes.")
    return Ed25519PrivateKey.from_private_bytes(seed)


def read_or_create_seed(file: Path) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with suppress(FileExistsError), os.fdopen(os.open(file, flags, 0o600), "w") as out:
        out.write(base64.b64encode(os.urandom(SEED_BYTES)).decode())
    return file.read_text().strip()


def encode_public_key() -> str:
    """Base64 of its 32 bytes."""
    return base64.b64encode(load_signing_key().public_key().public_bytes_raw()).decode()


def sign_head(verified: VerifiedChain, *, now: datetime) -> JsonObject:
    """The signed head of a verified chain. It is not stored."""
    head: dict[str, Any] = {
        "workspace": verified.workspace,
        "sequence": verified.sequence,
        "digest": verified.digest,
        "at": now.isoformat().replace("+00:00", "Z"),
    }
    signature = base64.b64encode(load_signing_key().sign(encode_signed_part(head))).decode()
    return head | {"public_key": encode_public_key(), "signature": signature}


def find_head(workspace: str, *, at_least: int) -> JsonObject | None:
    """The first head signed with the present key that covers link `at_least`."""
    signed = SignedHead.objects.filter(
        workspace=workspace, head__public_key=encode_public_key(), head__sequence__gte=at_least
    )
    found = signed.order_by("head__sequence", "pk").first()
    return found.head if found else None


def store_signed_head(workspace: str, *, now: datetime, handed_to: str = "") -> SignedHead:
    """Verify a chain, sign its head and store that. Raises BrokenChain."""
    head = sign_head(verify_stored_chain(workspace), now=now)
    return SignedHead.objects.create(workspace=workspace, at=now, head=head, handed_to=handed_to)


def delete_old_heads(*, now: datetime) -> None:
    """The newest of each chain and signing key stays, and covers all before it; the newest
    delivered one as well."""
    cutoff = retention.find_cutoff(now)
    if cutoff is None:
        return
    heads = SignedHead.objects.order_by()
    newest = heads.values("workspace", "head__public_key").annotate(newest=Max("pk"))
    delivered = select_delivered().order_by().values("workspace").annotate(newest=Max("pk"))
    kept = {row["newest"] for row in [*newest, *delivered]}
    retention.delete_rows(heads.filter(at__lt=cutoff).exclude(pk__in=kept))


def select_delivered() -> QuerySet[SignedHead]:
    """Downloaded heads do not count as delivered."""
    return SignedHead.objects.exclude(handed_to=DOWNLOAD).exclude(handed_to__contains="failed")


def find_due_workspaces(*, now: datetime) -> list[str]:
    """Workspaces with new events and no delivered head in the last 24 hours."""
    delivered = select_delivered()
    recent = delivered.filter(at__range=(now - DAILY, now))
    waiting = Chain.objects.exclude(workspace__in=recent.values("workspace")).filter(sequence__gt=0)
    newest = {row.workspace: row.head for row in delivered.filter(at__lte=now).order_by("at")}
    return [
        chain.workspace
        for chain in waiting
        if newest.get(chain.workspace, {}).get("sequence") != chain.sequence
    ]
