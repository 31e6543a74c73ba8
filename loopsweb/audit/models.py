"""Audit events, the chain they form, and its signed heads."""

from __future__ import annotations

import uuid
from datetime import UTC
from typing import Any

from django.db import models

from loopsweb.audit.chain.format import GENESIS


class Outcome(models.TextChoices):
    REQUESTED = "requested", "Requested"
    SUCCEEDED = "succeeded", "Succeeded"
    REFUSED = "refused", "Refused"
    UNKNOWN = "unknown", "Unknown"
    CONFIRMED = "confirmed", "Confirmed"
    OBSERVED = "observed", "Observed"
    DENIED = "denied", "Denied"
    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"
    SYNCED = "synced", "Synced"


class Event(models.Model):
    """One thing that was done, tried or observed: one link of its workspace's chain.

    There are no foreign keys, so the trail outlives what it describes. Rows are never changed or
    deleted (chain/append_only.py); only a personal value may be erased, together with its salt.
    The events of one incident (requested, succeeded, confirmed) share `incident`.
    """

    sequence = models.PositiveBigIntegerField(help_text="From 1, without gaps, per workspace.")
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    commitments = models.JSONField(help_text="Salted hashes of what could name a person.")

    at = models.DateTimeField()
    workspace = models.CharField(max_length=60, help_text="The workspace's slug.")
    action = models.CharField(max_length=60, help_text="Noun and verb: deployment.deactivate.")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    incident = models.UUIDField(default=uuid.uuid4)
    person = models.CharField(max_length=255, blank=True, help_text="Empty: not known, or erased.")
    role = models.CharField(max_length=20, blank=True)
    address = models.CharField(max_length=45, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    key_label = models.CharField(max_length=255, blank=True)
    key_fingerprint = models.CharField(max_length=64, blank=True)
    target_noun = models.CharField(max_length=20, blank=True)
    target_id = models.CharField(max_length=255, blank=True)
    target_name = models.TextField(blank=True)
    target_owner = models.CharField(max_length=255, blank=True)
    reason = models.TextField(blank=True)
    answer = models.JSONField(null=True, help_text="What the API said, or what was seen.")
    person_salt = models.CharField(max_length=32, blank=True)
    address_salt = models.CharField(max_length=32, blank=True)
    target_owner_salt = models.CharField(max_length=32, blank=True)
    reason_salt = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["-pk"]  # across workspaces; within one, sort by `sequence`
        constraints = [
            models.UniqueConstraint(fields=["workspace", "sequence"], name="one_link_a_number"),
            models.UniqueConstraint(
                fields=["incident"],
                condition=models.Q(outcome=Outcome.REQUESTED),
                name="requested_once",
            ),
        ]
        indexes = [
            models.Index(fields=["incident"], name="event_incident"),
            models.Index(fields=["workspace", "target_noun", "target_id"], name="event_target"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.action} {self.outcome}"

    def body(self) -> dict[str, Any]:
        """The part of the event that its digest covers (chain/format.py)."""
        at = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return {
            "v": 1,
            "workspace": self.workspace,
            "sequence": self.sequence,
            "at": at.replace("+00:00", "Z"),
            "action": self.action,
            "outcome": str(self.outcome),
            "incident": str(self.incident),
            "role": self.role,
            "request_id": self.request_id,
            "key_label": self.key_label,
            "key_fingerprint": self.key_fingerprint,
            "target_noun": self.target_noun,
            "target_id": self.target_id,
            "target_name": self.target_name,
            "answer": self.answer,
            "personal": self.commitments,
        }


class SearchText(models.Model):
    """What an event is found by, normalised. It proves nothing, so it has a table of its own: the
    chain and its triggers know nothing of it, and an erasure writes it anew (search.py)."""

    event = models.OneToOneField(
        Event,
        primary_key=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,  # nothing here may stand in the way of the trail
        related_name="search",
    )
    text = models.TextField()

    def __str__(self) -> str:
        return f"search text of event {self.event_id}"


class Chain(models.Model):
    """The head of a workspace's chain, locked while an event is appended.

    Also the result of the last verification: every link up to `verified_sequence` is valid, and
    `problem` is "" unless a later one is not.
    """

    workspace = models.CharField(max_length=60, unique=True)
    sequence = models.PositiveBigIntegerField(default=0)
    digest = models.CharField(max_length=64, default=GENESIS)
    verified_at = models.DateTimeField(null=True)
    verified_sequence = models.PositiveBigIntegerField(default=0)
    erased = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.workspace} up to #{self.sequence}"


class SignedHead(models.Model):
    """A signed head of a chain and where it was delivered: see chain/signed_heads.py."""

    workspace = models.CharField(max_length=60)
    at = models.DateTimeField()
    head = models.JSONField()
    handed_to = models.TextField(blank=True, help_text="Where it went, and what failed.")

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["workspace", "-at"], name="signed_head_newest")]

    def __str__(self) -> str:
        return f"head of {self.workspace}, {self.at:%Y-%m-%d}"
