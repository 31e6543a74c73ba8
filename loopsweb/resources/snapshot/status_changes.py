"""Status changes. When exactly a status changed is not known, only the interval."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, models
from django.dispatch import Signal

from loopsweb.accounts.models import Workspace
from loopsweb.prepared_writes import PreparedInsert

# Sent with `changes` and `poll`, in the transaction that stores them. A change from "" is the first
# status of something known without one; it is not stored.
statuses_changed = Signal()


class StatusChange(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    noun = models.CharField(max_length=20)
    remote_id = models.CharField(max_length=255)
    field = models.CharField(max_length=20)
    old = models.CharField(max_length=255, blank=True)
    new = models.CharField(max_length=255, blank=True)
    last_seen_old_at = models.DateTimeField(null=True)
    first_seen_new_at = models.DateTimeField()

    class Meta:
        ordering = ["-first_seen_new_at", "-pk"]
        indexes = [
            models.Index(fields=["workspace", "noun", "remote_id"], name="change_of_thing"),
            models.Index(fields=["workspace", "-first_seen_new_at"], name="change_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.noun} {self.remote_id}: {self.old or 'unknown'} to {self.new or 'unknown'}"


INSERT = PreparedInsert(StatusChange)


def insert_changes(changes: Sequence[StatusChange]) -> None:
    with connection.cursor() as cursor:
        INSERT.insert_models(cursor, changes)
