"""One object of each kind, for the examples in URLs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.apps import apps
from django.utils import timezone

from loopsweb.accounts.invitations.actions import create_invitation
from loopsweb.accounts.models import Invitation, Role, User, Workspace
from loopsweb.audit.models import Event
from loopsweb.audit.record import Actor, record_event
from loopsweb.json_api.models import AccessToken
from loopsweb.json_api.tokens.actions import create
from loopsweb.keys.models import Key
from loopsweb.resources.models import Batch, Cleanup, Deactivation
from loopsweb.resources.snapshot.models import Snapshot
from tests.keys.factory import create_key

REMOTE_ID = "k4q95w5"


@dataclass(frozen=True)
class SampleData:
    """Objects for the examples in URLs. The key is alice's."""

    workspace: Workspace
    key: Key
    event: Event
    invitation: Invitation
    offer: Invitation
    session: UserSession
    token: AccessToken
    deactivation: Deactivation
    cleanup: Cleanup


def create_sample_data(alice: User, otto: User, acme: Workspace, now: datetime) -> SampleData:
    """One of everything in acme, with the remote id of the examples."""
    for model in apps.get_app_config("resources").get_models():
        if issubclass(model, Snapshot):
            model.objects.create(
                workspace=acme, remote_id=REMOTE_ID, first_seen_at=now, changed_at=now
            )
    batch = Batch.objects.create(workspace=acme, noun="deployment", requested_at=now)
    incident = record_event(
        workspace=acme.slug, action="deployment.deactivate", outcome="requested", now=now
    ).incident
    nobody = Actor(workspace="", person="", role="", address="", request_id="")
    return SampleData(
        workspace=acme,
        key=create_key(alice, acme),
        deactivation=Deactivation.objects.create(
            workspace=acme,
            noun="deployment",
            target_remote_id=REMOTE_ID,
            state="waiting",
            batch=batch,
            incident=incident,
            requested_at=now,
            expires_at=now,
            state_since=now,
            ask_at=now,
        ),
        cleanup=Cleanup.objects.create(workspace=acme, rules={}, requested_at=now),
        session=UserSession.objects.create(user=alice, ip="127.0.0.1", session_key="alices"),
        token=create(
            person=alice, workspace=acme, name="script", days=7, by=nobody, now=timezone.now()
        ).token,
        invitation=create_invitation(
            team=acme.team,
            email="eve@example.com",
            role=Role.VIEWER,
            by={**nobody, "person": alice.email},
            now=timezone.now(),
        ).invitation,
        offer=create_invitation(
            team=otto.teams.exclude(pk=acme.team_id).get(),
            email=alice.email,
            role=Role.VIEWER,
            by={**nobody, "person": otto.email},
            now=timezone.now(),
        ).invitation,
        event=record_event(workspace=acme.slug, action="test", outcome="observed", now=now),
    )
