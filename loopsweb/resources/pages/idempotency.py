"""Forms already carried out, so that submitting one again does nothing."""

from __future__ import annotations

from django.db import models

from loopsweb.accounts.models import Workspace


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
