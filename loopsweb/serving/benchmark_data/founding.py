"""The workspace of the organisation, with an API key and prices. The API is not asked."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings

from loopsweb.accounts.models import User, Workspace, set_up_team
from loopsweb.audit.models import Outcome
from loopsweb.audit.record import system_actor
from loopsweb.keys.actions import record_key_event
from loopsweb.keys.models import Key
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.figures.refresh import FORMULA
from loopsweb.serving.benchmark_data.organisation import MODELS, list_prices

OWNER = "benchmark@example.com"


def found_workspace(name: str, *, owner: str, now: datetime) -> Key:
    """Create a team and its workspace, and return its key. owner: the email of its admin."""
    person = User.objects.filter(email=owner).first() or User.objects.create_user(
        owner, name=f"{name} admin"
    )
    workspace = set_up_team(name=name, founder=person).workspaces.get()
    Catalogue.objects.create(
        workspace=workspace,
        supported_models=[{"model_name": model.name, "max_seq_len": 131_072} for model in MODELS],
        prices=list_prices(),
        teams={},
        as_of=now,
        formula=FORMULA,
    )
    return add_key(workspace, person, now=now)


def add_key(workspace: Workspace, person: User, *, now: datetime) -> Key:
    """No API knows its secret, which is made up."""
    key = Key(
        workspace=workspace,
        owner=person,
        name="Made-up key",
        api_url=settings.LOOPSWEB_API_URLS[0],
        shared=True,
        created_at=now,
        state_since=now,
        checked_at=now,
        api_email=person.email,
        api_workspace_name=workspace.name,
        can_list=True,
        can_manage=True,
        sees_organisation=True,
        generation="current",
    )
    key.set_secret(secrets.token_urlsafe(32))
    key.save()
    answer = {"made_up": True, "shared": True}
    by = system_actor(workspace.slug)
    record_key_event(key, "key.add", Outcome.SUCCEEDED, by=by, now=now, answer=answer)
    return key
