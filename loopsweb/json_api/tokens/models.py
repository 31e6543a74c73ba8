"""Personal access tokens: each lets a person's script into one workspace until it expires."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import models

from loopsweb.accounts.models import User, Workspace

PREFIX = "loopsweb_"


def hash_token(token: str) -> str:
    """Only this is stored. Tokens are 256 random bits, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


class Scope(models.TextChoices):
    READ = "read", "Read"
    ACT = "act", "Read and act"


class AccessTokenQuerySet(models.QuerySet["AccessToken"]):
    def valid(self, now: datetime) -> AccessTokenQuerySet:
        """Unexpired, unrevoked tokens of active people who still belong to the team."""
        return self.filter(
            revoked_at=None,
            expires_at__gt=now,
            person__is_active=True,
            workspace__team__memberships__user=models.F("person"),
        )

    def find_by_secret(self, token: str, *, now: datetime) -> AccessToken | None:
        """Return the valid token with this secret."""
        found = self.valid(now).filter(digest=hash_token(token))
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
