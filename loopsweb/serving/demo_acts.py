"""What the people of the demo did in its last three days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from loopsweb.accounts.models import Membership, User, Workspace
from loopsweb.audit.record import Actor, system_actor
from loopsweb.resources.deactivations import protections
from loopsweb.resources.deactivations.forms import build_form
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.runs.models import Run
from loopsweb.serving.demo_people import ADMIN, OPERATOR


@dataclass(frozen=True)
class Act:
    """person: an email. run: the name of the run whose deployment is meant."""

    verb: str
    run: str
    person: str
    reason: str


# By hours before the present.
ACTS = {
    57.2: Act(
        "deactivate",
        "tool-use-pilot",
        OPERATOR,
        "The pilot has shown what it had to. Noor starts the real one from step-1300.",
    ),
    26.4: Act("deactivate", "charts-vqa", OPERATOR, "Idle since its last save. Ada agreed."),
    6.5: Act(
        "protect", "math-rl-curriculum", ADMIN, "Candidate for Friday's release: let it finish."
    ),
}


def take_act(act: Act, workspace: Workspace, *, now: datetime) -> None:
    """As if the person had done it from the page at that time."""
    run = Run.objects.get(workspace=workspace, name=act.run)
    deployment = Deployment.objects.get(workspace=workspace, remote_id=run.deployment_remote_id)
    deployment.workspace = workspace
    member = Membership.objects.select_related("user").get(
        team=workspace.team, user__email=act.person
    )
    by: Actor = {**system_actor(workspace.slug), "person": act.person, "role": member.role}
    if act.verb == "protect":
        protections.protect(deployment, note=act.reason, by=by, now=now)
    else:
        deactivate(deployment, person=member.user, by=by, reason=act.reason, now=now)


def deactivate(
    deployment: Deployment, *, person: User, by: Actor, reason: str, now: datetime
) -> None:
    data = {"reason": reason, "typed": deployment.remote_id}
    form = build_form(deployment, person=person, data=data)
    if not form.is_valid():
        raise ValueError(f"The demo cannot deactivate {deployment}: {form.errors.as_json()}")
    form.submit(person=person, by=by, clock=lambda: now)
