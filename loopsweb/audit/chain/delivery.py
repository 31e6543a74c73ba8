"""Hand a signed head outside, so that nobody here can take it back: a file, an email, a webhook.

Where to stands in the environment: LOOPSWEB_AUDIT_HEADS_FILE, …_EMAIL, …_WEBHOOK.
"""

from __future__ import annotations

import logging
import os
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

from django.conf import settings
from django.core.mail import send_mail

from loopsweb.audit.chain.format import canonical
from loopsweb.audit.chain.verifier import Line
from loopsweb.audit.models import SignedHead

log = logging.getLogger(__name__)
WEBHOOK_SECONDS = 10


def hand_out(kept: SignedHead) -> list[str]:
    """Try every way there is; the failures in plain words, empty when all went well."""
    ways: dict[str, tuple[str, Callable[[str, Line], None]]] = {
        "file": (settings.LOOPSWEB_AUDIT_HEADS_FILE, to_file),
        "email": (settings.LOOPSWEB_AUDIT_HEADS_EMAIL, to_email),
        "webhook": (settings.LOOPSWEB_AUDIT_HEADS_WEBHOOK, to_webhook),
    }
    told, failures = [], []
    for name, (where, way) in ways.items():
        if not where:
            continue
        try:
            way(where, kept.head)
        except (OSError, HTTPException, ValueError) as error:  # smtplib's are OSErrors
            failures.append(f"{name} failed: {type(error).__name__}")
            log.warning("handing out %s by %s failed: %s", kept, name, error)
        else:
            told.append(name)
    kept.handed_to = ", ".join(told + failures)
    kept.save(update_fields=["handed_to"])
    return failures


def to_file(where: str, head: Line) -> None:
    with Path(where).open("ab") as out:
        out.write(canonical(head) + b"\n")
        out.flush()
        os.fsync(out.fileno())


def to_email(where: str, head: Line) -> None:
    if settings.EMAIL_BACKEND.endswith(".console.EmailBackend"):
        raise ValueError("EMAIL_HOST is not set, so no email leaves this machine.")
    subject = f"loopsweb: audit head of {head['workspace']}, #{head['sequence']}"
    body = f"Keep this line; the trail is verified against it.\n\n{canonical(head).decode()}\n"
    send_mail(subject, body, None, [where])


def to_webhook(where: str, head: Line) -> None:
    if not where.startswith(("https://", "http://")):
        raise ValueError("LOOPSWEB_AUDIT_HEADS_WEBHOOK must be an http address.")
    request = urllib.request.Request(  # noqa: S310  (an address of the operator's own choice)
        where, data=canonical(head), headers={"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.build_opener(NoRedirect).open(request, timeout=WEBHOOK_SECONDS):
        pass


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Elsewhere it would arrive as a GET, without the head."""

    def redirect_request(self, *_: object) -> None:
        return None
