"""Whether email leaves this loopsweb. Without a mail server it would end in the log, where secrets
must not stand."""

from __future__ import annotations

from django.conf import settings


def email_is_sent() -> bool:
    return not settings.EMAIL_BACKEND.endswith(".console.EmailBackend")
