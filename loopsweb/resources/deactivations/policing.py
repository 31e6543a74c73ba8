"""Changing what a team demands, and what it protects: each change with its event."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict

from loopsweb.accounts.models import Team
from loopsweb.accounts.teams.audit import tell_team
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import Actor, record
from loopsweb.resources.deactivations.policies import Policy, policy_of
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.deactivations.targets import Target, kind_of
from loopsweb.resources.snapshot.store import bump, hold


def terms(policy: Policy) -> dict[str, Any]:
    return model_to_dict(policy, exclude=["id", "team"])


@transaction.atomic
def change(wanted: Policy, *, by: Actor, now: datetime) -> None:
    """Told in the trail of every workspace of the team, with what was, as it really was, and what
    is. One change of a team after the other."""
    team = Team.objects.select_for_update().get(pk=wanted.team_id)
    kept = policy_of(team)
    was = terms(kept)
    differs = {name: is_ for name, is_ in terms(wanted).items() if was[name] != is_}
    for name, is_ in differs.items():
        setattr(kept, name, is_)
    kept.save()
    if differs:
        answer = {"was": {name: was[name] for name in differs}, "is": differs}
        tell_team(team, "team.policy", target=("team", team.name), by=by, now=now, answer=answer)


@transaction.atomic
def protect(target: Target, *, note: str, by: Actor, now: datetime) -> None:
    """Mark it. What is protected already stays as it was, and nothing is recorded."""
    hold(target.workspace)
    _, is_new = Protection.objects.get_or_create(
        workspace=target.workspace,
        noun=kind_of(target).noun,
        remote_id=target.remote_id,
        defaults={"person": by["person"], "reason": note, "since": now},
    )
    if is_new:
        tell(target, "protect", note=note, by=by, now=now)


@transaction.atomic
def unprotect(target: Target, *, note: str, by: Actor, now: datetime) -> None:
    hold(target.workspace)
    gone, _ = Protection.objects.filter(
        workspace=target.workspace, noun=kind_of(target).noun, remote_id=target.remote_id
    ).delete()
    if gone:
        tell(target, "unprotect", note=note, by=by, now=now)


def tell(target: Target, verb: str, *, note: str, by: Actor, now: datetime) -> None:
    noun = kind_of(target).noun
    bump(target.workspace)
    record(
        **by,
        action=f"{noun}.{verb}",
        outcome=Outcome.SUCCEEDED,
        target_noun=noun,
        target_id=target.remote_id,
        target_name=target.base_model,
        target_owner=target.owner_email,
        reason=note,
        now=now,
    )
