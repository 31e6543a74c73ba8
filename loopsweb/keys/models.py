"""An API key that a person put into a workspace: encrypted, bound to its row, never shown again."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils import timezone

from loopsweb import cipher
from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.fingerprints import ends, fingerprint
from loopsweb.keys.scopes import ORGANISATION, OWN, need

NOT_OFFERED = "This Loops server does not offer this."


class KeyState(models.TextChoices):
    HEALTHY = "healthy", "Healthy"
    REFUSED = "refused", "Refused by the API"
    FORBIDDEN = "forbidden", "Lacks a scope"
    UNREADABLE = "unreadable", "Cannot be used"


class KeyQuerySet(models.QuerySet["Key"]):
    def in_workspace(self, workspace: Workspace) -> KeyQuerySet:
        return self.filter(workspace=workspace)

    def usable(self) -> KeyQuerySet:
        """Healthy, of an active person who still belongs to the workspace's team."""
        return self.filter(
            state=KeyState.HEALTHY,
            owner__is_active=True,
            workspace__team__memberships__user=models.F("owner"),
        )


class Key(models.Model):
    """The booleans about what the key can do are None where nobody knows yet."""

    uid = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="keys")
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="keys")
    name = models.CharField(max_length=100)
    api_url = models.CharField("API URL", max_length=500)
    shared = models.BooleanField("My team may act with this key", default=False)
    created_at = models.DateTimeField(default=timezone.now)

    ciphertext = models.TextField(editable=False)
    ring_id = models.CharField(max_length=32, editable=False, db_index=True)
    prefix = models.CharField(max_length=32, blank=True, editable=False)
    last4 = models.CharField(max_length=4, blank=True, editable=False)
    fingerprint = models.CharField(max_length=32, editable=False)

    state = models.CharField(max_length=10, choices=KeyState.choices, default=KeyState.HEALTHY)
    state_reason = models.TextField(blank=True)
    state_since = models.DateTimeField(default=timezone.now)

    checked_at = models.DateTimeField(null=True, blank=True)
    api_email = models.TextField(blank=True)
    api_name = models.TextField(blank=True)
    api_workspace_name = models.TextField(blank=True)
    api_key_type = models.TextField("kind of key", blank=True)
    can_list = models.BooleanField("manage_own_user_or_service_account", null=True)
    can_manage = models.BooleanField("manage_org_training_projects", null=True)
    sees_organisation = models.BooleanField(default=False)
    generation = models.CharField("API generation", max_length=10, default="auto")
    offers = models.JSONField(
        default=dict, help_text="Newer routes: true, false, absent = unknown."
    )

    objects = KeyQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "fingerprint"], name="key_once_a_workspace"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.mask})" if self.mask else self.name

    def get_absolute_url(self) -> str:
        return reverse("keys:detail", args=[self.uid])

    @property
    def mask(self) -> str:
        """`prefix…last4`, `…last4`, or nothing where even that would tell too much."""
        return f"{self.prefix}…{self.last4}" if self.last4 else ""

    @property
    def is_healthy(self) -> bool:
        return self.state == KeyState.HEALTHY

    def put(self, secret: str) -> None:
        """Take `secret` in, encrypted and bound to this row. Does not save."""
        self.ciphertext = cipher.ring().encrypt(secret, **self._bound())
        self.ring_id = cipher.ring_id_of(self.ciphertext)
        self.fingerprint = fingerprint(secret)
        shown = ends(secret)
        self.prefix, self.last4 = shown.prefix, shown.last4

    def secret(self) -> str:
        """The key itself, for an Authorization header only. Raises cipher.CipherError."""
        try:
            return cipher.ring().decrypt(self.ciphertext, **self._bound())
        except cipher.Undecryptable:
            return cipher.ring().decrypt(self.ciphertext, **self._bound_before())

    @property
    def is_sealed_as_now(self) -> bool:
        """Whether with the ring's first key, and bound to all that it is bound to today."""
        try:
            cipher.ring().decrypt(self.ciphertext, **self._bound())
        except cipher.CipherError:
            return False
        return cipher.ring_id_of(self.ciphertext) == cipher.ring().current

    def mark(self, state: KeyState, reason: str = "", *, now: datetime) -> bool:
        """Note and save what became of the key; False when that was known already, or when
        another secret has taken its place meanwhile: then it is not this one's fault."""
        if (self.state, self.state_reason) == (state, reason):
            return False
        if self.state != state:
            self.state_since = now
        self.state, self.state_reason = state, reason
        same = Key.objects.filter(pk=self.pk, ciphertext=self.ciphertext)
        return bool(same.update(state=state, state_reason=reason, state_since=self.state_since))

    def cannot(self, method: str) -> str:
        """Why this key cannot call the client's `method`, in a sentence; "" when it can, or when
        nobody knows yet: only trying will tell."""
        needed = need(method)
        if not self.is_healthy:
            return f"The API key {self} cannot be used: {self.state_reason}"
        if (needed.scope == OWN and self.can_list is False) or (
            needed.scope == ORGANISATION and self.can_manage is False
        ):
            return f"The API key {self} lacks the scope {needed.scope}."
        if needed.newer and self.offers.get(needed.newer) is False:
            return NOT_OFFERED
        return ""

    def _bound(self) -> dict[str, Any]:
        """Also to where it may be sent."""
        before = self._bound_before()
        return {**before, "place": (*before["place"], self.api_url)}

    def _bound_before(self) -> dict[str, Any]:
        """As keys were that no rotation has reached yet."""
        place = (str(self.workspace_id), str(self.owner_id), str(self.uid))
        return {"purpose": "keys.Key", "place": place}
