"""The requirements of a team's policy for a deactivation, and the schedule of a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict

from loopsweb.accounts.models import Team, User, Workspace
from loopsweb.accounts.teams.audit import record_team_event
from loopsweb.audit.record import Actor
from loopsweb.keys.models import Key
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.impact import Impact
from loopsweb.resources.deactivations.models import Batch, Deactivation, Policy
from loopsweb.resources.deactivations.preflight import Facts, freeze_impact
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.deactivations.sync_waits import describe_awaited

OWNER_UNKNOWN = "The API does not report an owner."
OTHER_OWNER = "It belongs to somebody else."


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """reason: one is required. concerns_others: not all that ends is known to be the person's own.
    typed_id, approval, refusal: why the ID has to be typed, why a
    second person has to approve, why it cannot be done at all; each "" where that is not so.
    The last two are stored, so they name nobody."""

    reason: bool
    concerns_others: bool = False
    typed_id: str = ""
    approval: str = ""
    refusal: str = ""

    @property
    def overridable(self) -> str:
        """The requirement that breaking the glass overrides."""
        return self.refusal or self.approval


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A second person approves the request until `expires_at`, or it is sent from `due_at` on, by
    default at once; but not before the `awaited` checkpoints have synced, and if they have not
    by `sync_until`, not at all. `foreseen`: the impact that the person was shown; `preflight`: all
    of it, as it is kept."""

    why_approval: str = ""
    expires_at: datetime | None = None
    due_at: datetime | None = None
    broke_glass: bool = False
    foreseen: dict[str, list[str]] = field(default_factory=dict)
    preflight: Facts = field(default_factory=dict)
    awaited: list[Facts] = field(default_factory=list)
    sync_until: datetime | None = None
    batch: Batch | None = None

    @property
    def state(self) -> State:
        if self.expires_at:
            return State.WAITING
        return State.SYNCING if self.awaited else State.DUE


def load_policy(team: Team) -> Policy:
    return Policy.objects.filter(team=team).first() or Policy(team=team)


@transaction.atomic
def change_policy(wanted: Policy, *, by: Actor, now: datetime) -> None:
    """Save it. Every workspace of the team records the values before and after.

    Changes of one team wait for each other.
    """
    team = Team.objects.select_for_update().get(pk=wanted.team_id)
    policy = load_policy(team)
    before = get_policy_values(policy)
    after = {
        name: value for name, value in get_policy_values(wanted).items() if before[name] != value
    }
    for name, value in after.items():
        setattr(policy, name, value)
    policy.save()
    if after:
        answer = {"was": {name: before[name] for name in after}, "is": after}
        record_team_event(
            team, "team.policy", target=("team", team.name), by=by, now=now, answer=answer
        )


def get_policy_values(policy: Policy) -> dict[str, Any]:
    return model_to_dict(policy, exclude=["id", "team"])


def list_own_emails(workspace: Workspace, person: User) -> frozenset[str]:
    """The emails by which the API may know the person: theirs here, and those of their keys."""
    keys = Key.objects.in_workspace(workspace).usable().filter(owner=person).exclude(api_email="")
    return frozenset(
        email.lower() for email in (person.email, *keys.values_list("api_email", flat=True))
    )


def find_requirements(
    impact: Impact, *, policy: Policy, own_emails: frozenset[str]
) -> Requirements:
    others = [owner for owner in impact.owners if owner.lower() not in own_emails]
    typed_id = f"It belongs to {' and '.join(others)}, not to you." if others else ""
    if impact.loses_progress:
        typed_id = f"{typed_id} Progress would be lost.".strip()
    protected = " ".join(
        f"{each.noun.capitalize()} {each.remote_id} is protected." for each in impact.protections
    )
    approval = protected if policy.approve_protected else ""
    if not approval and policy.approve_others and (others or not impact.target.owner_email):
        approval = OTHER_OWNER if others else OWNER_UNKNOWN
    return Requirements(
        reason=policy.reason_required,
        concerns_others=bool(others) or not impact.target.owner_email,
        typed_id=typed_id,
        approval=approval,
        refusal="" if policy.approve_protected else protected,
    )


def schedule_request(
    impact: Impact,
    requirements: Requirements,
    *,
    policy: Policy,
    as_of: datetime | None,
    now: datetime,
    broke_glass: bool = False,
    awaited: Sequence[Checkpoint] = (),
    sync_until: datetime | None = None,
    batch: Batch | None = None,
    other: Deactivation | None = None,
) -> Schedule:
    """Breaking the glass overrides approval, protection, the time to undo, and waiting. as_of: how
    old the impact is. other: the open request to end what ends with it, where that was shown."""
    demands = list_demands(requirements, broke_glass=broke_glass)
    expires_at, due_at = None, now
    if not broke_glass:
        due_at = now + timedelta(seconds=policy.undo_seconds)
        if requirements.approval:
            expires_at = now + timedelta(hours=policy.approval_hours)
    return Schedule(
        why_approval=requirements.overridable,
        expires_at=expires_at,
        due_at=None if expires_at else due_at,
        broke_glass=broke_glass,
        foreseen=impact.foreseen,
        awaited=[] if broke_glass else [describe_awaited(each) for each in awaited],
        sync_until=sync_until if awaited and not broke_glass else None,
        preflight=freeze_impact(impact, as_of=as_of, other=other) | {"demands": demands},
        batch=batch,
    )


def list_demands(requirements: Requirements, *, broke_glass: bool) -> list[str]:
    """What was demanded, for the record. Why the ID had to be typed may name people."""
    demands = ["a reason"] if requirements.reason or broke_glass else []
    demands += ["the typed ID"] if requirements.typed_id or broke_glass else []
    return demands + (["a second person"] if requirements.approval else [])
