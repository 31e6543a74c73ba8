"""Delivers signed heads to places that this database cannot change: a file, an email, a webhook.

LOOPSWEB_AUDIT_HEADS_FILE, …_EMAIL and …_WEBHOOK say where.
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

from loopsweb.audit.chain.format import encode_canonical_json
from loopsweb.audit.chain.verifier import JsonObject
from loopsweb.audit.models import SignedHead

log = logging.getLogger(__name__)
WEBHOOK_SECONDS = 10


def deliver_head(signed: SignedHead) -> list[str]:
    """Deliver a head to every configured place and store the outcome. Return the failures."""
    channels: dict[str, tuple[str, Callable[[str, JsonObject], None]]] = {
        "file": (settings.LOOPSWEB_AUDIT_HEADS_FILE, append_to_file),
        "email": (settings.LOOPSWEB_AUDIT_HEADS_EMAIL, send_email),
        "webhook": (settings.LOOPSWEB_AUDIT_HEADS_WEBHOOK, post_to_webhook),
    }
    delivered, failures = [], []
    for name, (destination, deliver) in channels.items():
        if not destination:
            continue
        try:
            deliver(destination, signed.head)
        except (OSError, HTTPException, ValueError) as error:  # smtplib's are OSErrors
            failures.append(f"{name} failed: {type(error).__name__}")
            log.warning("delivering %s by %s failed: %s", signed, name, error)
        else:
            delivered.append(name)
    signed.handed_to = ", ".join(delivered + failures)
    signed.save(update_fields=["handed_to"])
    return failures


def append_to_file(path: str, head: JsonObject) -> None:
    with Path(path).open("ab") as out:
        out.write(encode_canonical_json(head) + b"\n")
        out.flush()
        os.fsync(out.fileno())


def send_email(address: str, head: JsonObject) -> None:
    if settings.EMAIL_BACKEND.endswith(".console.EmailBackend"):
        raise ValueError("EMAIL_HOST is not set, so no email can be sent.")
    workspace, sequence = head["workspace"], head["sequence"]
    subject = f"loopsweb: signed audit head of {workspace}, #{sequence}"
    body = (
        f"Keep this email. With the line below you can check later that the audit trail of "
        f"{workspace} was not changed up to event #{sequence}.\n\n"
        f"{encode_canonical_json(head).decode()}\n"
    )
    send_mail(subject, body, None, [address])


def post_to_webhook(url: str, head: JsonObject) -> None:
    if not url.startswith(("https://", "http://")):
        raise ValueError("LOOPSWEB_AUDIT_HEADS_WEBHOOK must be an http or https URL.")
    body, headers = encode_canonical_json(head), {"Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers)  # noqa: S310  (the operator chose the URL)
    with urllib.request.build_opener(NoRedirect).open(request, timeout=WEBHOOK_SECONDS):
        pass


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would become a GET without the head."""

    def redirect_request(self, *_: object) -> None:
        return None
