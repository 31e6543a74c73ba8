"""Where polling with one key stands: when next, who holds the lease, what each feed last said."""

from __future__ import annotations

from django.db import models

from loopsweb.keys.models import Key


class PollState(models.Model):
    """`feeds` is {feed name: {"as_of", "digest", "error", "failing_since"}}: times in ISO 8601,
    absent where nothing has been read yet. A feed is one question asked of the API, such as "runs"
    or "checkpoints base_model=Qwen/Qwen3-8B"; those of one noun share its name as first word."""

    key = models.OneToOneField(Key, on_delete=models.CASCADE, related_name="poll_state")
    next_poll_at = models.DateTimeField(db_index=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    last_started_at = models.DateTimeField(null=True, blank=True)
    last_success_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0, help_text="Polls in a row that failed.")
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    feeds = models.JSONField(default=dict)

    class Meta:
        verbose_name = "poll state"

    def __str__(self) -> str:
        return f"polling with {self.key}"
