"""A place in a team that waits for somebody, behind a link that works once."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import models

if TYPE_CHECKING:
    from loopsweb.accounts.models import User


def digest(token: str) -> str:
    """All that is kept of a link: 256 random bits need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, now: datetime) -> InvitationQuerySet:
        """Who invited still speaks for the team: an active admin of it, today."""
        still_speaks = apps.get_model("accounts", "Membership").objects.filter(
            team=models.OuterRef("team"),
            user__email=models.OuterRef("invited_by"),
            user__is_active=True,
            role="admin",
        )
        waiting = self.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)
        return waiting.filter(models.Exists(still_speaks))

    def offered_to(self, person: User, *, now: datetime) -> InvitationQuerySet:
        """What they can accept once signed in, without the link."""
        mine = self.open(now).filter(email=person.email).exclude(team__members=person)
        return mine.select_related("team")

    def behind(self, token: str, *, now: datetime) -> Invitation | None:
        """The open invitation of this link."""
        return self.open(now).select_related("team").filter(digest=digest(token)).first()


class Invitation(models.Model):
    team = models.ForeignKey("accounts.Team", models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.EmailField()
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-invited_at"]

    def __str__(self) -> str:
        return f"{self.email} into {self.team}"
