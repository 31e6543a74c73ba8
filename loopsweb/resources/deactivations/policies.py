"""What a team demands of whoever ends something: set by its admins, recorded when it changes."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from loopsweb.accounts.models import Team

LONGEST_APPROVAL_HOURS = 168
LONGEST_UNDO_SECONDS = 600


class Policy(models.Model):
    """A team without a row has the defaults."""

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="deactivation_policy")
    reason_required = models.BooleanField("A reason must be given", default=True)
    approve_protected = models.BooleanField(
        "Protected resources need a second person",
        default=True,
        help_text="Otherwise nobody deactivates them until an admin takes the protection away.",
    )
    approve_others = models.BooleanField(
        "Other people's resources need a second person",
        default=False,
        help_text="Also where the API does not say whose it is.",
    )
    approval_hours = models.PositiveSmallIntegerField(
        "Hours until a request that nobody approved expires",
        default=24,
        validators=[
            MinValueValidator(1, "At least 1 hour."),
            MaxValueValidator(
                LONGEST_APPROVAL_HOURS, f"At most {LONGEST_APPROVAL_HOURS} hours, which is a week."
            ),
        ],
        help_text=f"1 to {LONGEST_APPROVAL_HOURS}.",
    )
    undo_seconds = models.PositiveSmallIntegerField(
        "Seconds in which a request can be undone",
        default=0,
        validators=[
            MaxValueValidator(LONGEST_UNDO_SECONDS, f"At most {LONGEST_UNDO_SECONDS} seconds.")
        ],
        help_text=f"0 to {LONGEST_UNDO_SECONDS}. So long nothing is sent to the API; 0: it is "
        "called at once.",
    )

    def __str__(self) -> str:
        return f"policy of {self.team}"


def policy_of(team: Team) -> Policy:
    return Policy.objects.filter(team=team).first() or Policy(team=team)
