"""What was done, tried or seen, by whom and when. Rows are only ever added: see append_only.py."""

from __future__ import annotations

import uuid

from django.db import models


class Outcome(models.TextChoices):
    REQUESTED = "requested", "Requested"
    SUCCEEDED = "succeeded", "Succeeded"
    REFUSED = "refused", "Refused"
    UNKNOWN = "unknown", "Unknown"
    CONFIRMED = "confirmed", "Confirmed"
    OBSERVED = "observed", "Observed"
    DENIED = "denied", "Denied"


class Event(models.Model):
    """Everything is text, nothing a foreign key: the trail outlives what it speaks of.

    The events of one incident (requested, succeeded, confirmed) share `incident`.
    """

    at = models.DateTimeField()
    workspace = models.CharField(max_length=60, help_text="The workspace's address name.")
    action = models.CharField(max_length=60, help_text="Noun and verb: deployment.deactivate.")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    incident = models.UUIDField(default=uuid.uuid4)
    person = models.CharField(max_length=255, blank=True, help_text='Email; "" is loopsweb itself.')
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

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["incident"],
                condition=models.Q(outcome=Outcome.REQUESTED),
                name="requested_once",
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "-id"], name="event_newest"),
            models.Index(fields=["incident"], name="event_incident"),
            models.Index(fields=["workspace", "target_noun", "target_id"], name="event_target"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.action} {self.outcome}"
