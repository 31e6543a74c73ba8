"""API keys, encrypted and bound to their row, owner, workspace and URL."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db import models
from django.urls import reverse
from django.utils import timezone

from loopsweb import cipher
from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.fingerprints import compute_fingerprint, get_visible_ends
from loopsweb.keys.scopes import ORGANISATION, OWN, find_requirement

NOT_OFFERED = "This Loops server does not offer this."


class KeyState(models.TextChoices):
    HEALTHY = "healthy", "Healthy"
    REFUSED = "refused", "Refused by the API"
    FORBIDDEN = "forbidden", "Lacks a scope"
    UNUSABLE = "unreadable", "Cannot be used"


class KeyQuerySet(models.QuerySet["Key"]):
    def in_workspace(self, workspace: Workspace) -> KeyQuerySet:
        return self.filter(workspace=workspace)

    def usable(self) -> KeyQuerySet:
        """Healthy keys of members."""
        return self.of_members().filter(state=KeyState.HEALTHY)

    def of_members(self) -> KeyQuerySet:
        """Keys of active people who still belong to the workspace's team."""
        return self.filter(
            owner__is_active=True,
            workspace__team__memberships__user=models.F("owner"),
        )


class Key(models.Model):
    """`can_list` and `can_manage` are None while unknown."""

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
        """`prefix…last4`, `…last4`, or "" for a key too short to show any of it."""
        return f"{self.prefix}…{self.last4}" if self.last4 else ""

    @property
    def is_healthy(self) -> bool:
        return self.state == KeyState.HEALTHY

    def set_secret(self, secret: str) -> None:
        """Encrypt `secret` and bind it to this row. Does not save."""
        self.ciphertext = cipher.get_ring().encrypt(secret, **self._binding())
        self.ring_id = cipher.parse_ring_id(self.ciphertext)
        self.fingerprint = compute_fingerprint(secret)
        self.prefix, self.last4 = get_visible_ends(secret)

    def decrypt_secret(self) -> str:
        """Return the key in plain text, for an Authorization header only. Raises CipherError."""
        try:
            return cipher.get_ring().decrypt(self.ciphertext, **self._binding())
        except cipher.Undecryptable:
            return cipher.get_ring().decrypt(self.ciphertext, **self._legacy_binding())

    @property
    def is_encryption_current(self) -> bool:
        """True if it uses the ring's first key and today's binding."""
        try:
            cipher.get_ring().decrypt(self.ciphertext, **self._binding())
        except cipher.CipherError:
            return False
        return cipher.parse_ring_id(self.ciphertext) == cipher.get_ring().current

    def set_state(self, state: KeyState, reason: str = "", *, now: datetime) -> bool:
        """Save the state. Return False if nothing changed or the secret was replaced meanwhile."""
        if (self.state, self.state_reason) == (state, reason):
            return False
        if self.state != state:
            self.state_since = now
        self.state, self.state_reason = state, reason
        same = Key.objects.filter(pk=self.pk, ciphertext=self.ciphertext)
        return bool(same.update(state=state, state_reason=reason, state_since=self.state_since))

    def explain_missing_access(self, method: str) -> str:
        """Say why this key cannot call the client's `method`; "" if it can or if unknown."""
        requirement = find_requirement(method)
        if not self.is_healthy:
            return f"The API key {self} cannot be used: {self.state_reason}"
        if (requirement.scope == OWN and self.can_list is False) or (
            requirement.scope == ORGANISATION and self.can_manage is False
        ):
            return f"The API key {self} lacks the scope {requirement.scope}."
        if requirement.newer and self.offers.get(requirement.newer) is False:
            return NOT_OFFERED
        return ""

    def _binding(self) -> dict[str, Any]:
        """The URL is included, so a ciphertext moved to another URL cannot be decrypted."""
        legacy = self._legacy_binding()
        return {**legacy, "place": (*legacy["place"], self.api_url)}

    def _legacy_binding(self) -> dict[str, Any]:
        """The binding of keys encrypted before the URL was part of it."""
        place = (str(self.workspace_id), str(self.owner_id), str(self.uid))
        return {"purpose": "keys.Key", "place": place}
