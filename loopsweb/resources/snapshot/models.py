"""A row of what the API last told us. Every noun's model is one; nothing here asks the API."""

from __future__ import annotations

from typing import Self, TypeVar

from django.db import models

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key

Row = TypeVar("Row", bound="Snapshot")


class SnapshotQuerySet(models.QuerySet[Row]):
    def in_workspace(self, workspace: Workspace) -> Self:
        return self.filter(workspace=workspace)

    def present(self) -> Self:
        return self.filter(missing_since=None)


class Snapshot(models.Model):
    """Text the API did not give is "", a number or time None. `raw` is the object as received.

    `missing_since` is when an answer that should have named the row first did not. It means just
    that: whether the thing stopped or went out of the key's sight is for the detail route to say.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    remote_id = models.CharField(max_length=255)
    raw = models.JSONField(default=dict)
    digest = models.CharField(max_length=32, editable=False)
    source_key = models.ForeignKey(
        Key, null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    missing_since = models.DateTimeField(null=True, blank=True)

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "remote_id"], name="%(class)s_once_per_workspace"
            )
        ]

    def __str__(self) -> str:
        return self.remote_id
