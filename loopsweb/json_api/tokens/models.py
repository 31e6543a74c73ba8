"""A personal access token: what a script of one person may do in one workspace, until when."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import models

from loopsweb.accounts.models import User, Workspace

PREFIX = "loopsweb_"


def digest(token: str) -> str:
    """All that is kept of a token: 256 random bits need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


class Scope(models.TextChoices):
    READ = "read", "Read"
    ACT = "act", "Read and act"


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    def valid(self, now: datetime) -> AccessTokenQuerySet:
        """Neither expired nor revoked, of an active person who still belongs to the team."""
        return self.filter(
            revoked_at=None,
            expires_at__gt=now,
            person__is_active=True,
            workspace__team__memberships__user=models.F("person"),
        )

    def behind(self, token: str, *, now: datetime) -> AccessToken | None:
        """The valid token of this secret."""
        found = self.valid(now).filter(digest=digest(token))
        return found.select_related("workspace__team", "person").first()


class AccessToken(models.Model):
    person = models.ForeignKey(User, models.CASCADE, related_name="access_tokens")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="access_tokens")
    name = models.CharField(max_length=100)
    scope = models.CharField(max_length=10, choices=Scope.choices, default=Scope.READ)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    last4 = models.CharField(max_length=4, editable=False)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    objects = AccessTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({PREFIX}…{self.last4})"
