"""Marks on what is not to be ended by one person alone; what a mark demands is policy."""

from __future__ import annotations

from django.db import models

from loopsweb.accounts.models import Workspace


class Protection(models.Model):
    """A mark on one resource: it is not ended by one person alone."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    noun = models.CharField(max_length=20)
    remote_id = models.CharField(max_length=255)
    person = models.CharField(max_length=255)
    reason = models.TextField(blank=True)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "noun", "remote_id"], name="protected_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.noun} {self.remote_id}"
