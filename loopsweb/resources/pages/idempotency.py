"""Forms already carried out, so that submitting one again does nothing."""

from __future__ import annotations

import uuid
from datetime import datetime

from django import forms
from django.db import models

from loopsweb.accounts.models import Workspace


class AlreadySubmitted(Exception):
    """The same form was submitted before; nothing is done this time."""


class Submission(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    once = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "once"], name="a_form_is_sent_once")
        ]

    def __str__(self) -> str:
        return str(self.once)


class IdempotentForm(forms.Form):
    """`once` is the idempotency key: a form submitted twice is carried out once."""

    once = forms.UUIDField(widget=forms.HiddenInput)

    def renew_idempotency_key(self) -> None:
        """Allow another try, with everything typed kept."""
        self.data = {**{name: self.data[name] for name in self.data}, "once": str(uuid.uuid4())}


def claim_submission(workspace: Workspace, once: uuid.UUID, *, now: datetime) -> None:
    """Raises AlreadySubmitted. In the caller's transaction."""
    _, is_new = Submission.objects.get_or_create(
        workspace=workspace, once=once, defaults={"at": now}
    )
    if not is_new:
        raise AlreadySubmitted
