"""A Celery task that deletes tokens that expired or were revoked long ago."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from loopsweb import retention
from loopsweb.celery import app
from loopsweb.json_api.tokens.models import AccessToken


@app.task
def delete_old_tokens() -> None:
    if cutoff := retention.find_cutoff(timezone.now()):
        old = Q(expires_at__lt=cutoff) | Q(revoked_at__lt=cutoff)
        retention.delete_rows(AccessToken.objects.filter(old))
