"""Deployments from the API to snapshot rows."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from django.db.models import QuerySet

from loopsweb.loops_api import Client, errors, types
from loopsweb.resources.deployments.models import VANISHED, Deployment
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.samplers.sync import instance_columns
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.store import (
    NewAnswer,
    copy_columns,
    store_answer,
    store_list,
    touch_version,
)

MAX_VANISHED_PER_POLL = 20


def pull_deployments(client: Client, *, poll: PollContext, known_digest: str) -> NewAnswer | None:
    """List the deployments. Returns None if nothing is new.

    Absence from the list is no status: `pull_vanished_deployments` then fetches the deployment.
    """
    listing = client.list_deployments(scope=poll.scope)
    if listing.digest == known_digest:
        return None
    live = Deployment.objects.exclude(status__in=DEPLOYMENT.terminal)
    store = partial(store_list, listing, build_row, rows=live, poll=poll)
    return NewAnswer(store, listing.size)


def pull_vanished_deployments(client: Client, *, poll: PollContext, known_digest: str = "") -> None:
    """Fetch each deployment that left the list before its end was seen, and store it at once."""
    rows = poll.select_expected(select_vanished())
    ids = rows.order_by("changed_at").values_list("remote_id", flat=True)
    for remote_id in ids[:MAX_VANISHED_PER_POLL]:
        pull_deployment(client, remote_id, poll=poll)


def select_vanished() -> QuerySet[Deployment]:
    """Those that left the list before their end was seen."""
    return Deployment.objects.filter(VANISHED).exclude(status__in=DEPLOYMENT.terminal)


def pull_deployment(
    client: Client, remote_id: str, *, poll: PollContext
) -> types.Deployment | None:
    """Fetch one deployment and store the answer. None when the API answers 404."""
    try:
        found = client.get_deployment(remote_id)
    except errors.NotFound:
        rows = Deployment.objects.in_workspace(poll.workspace).filter(remote_id=remote_id)
        if rows.filter(gone_at=None).update(gone_at=poll.now):
            touch_version(poll.workspace)
        return None
    store_deployments([found], poll=poll)
    return found


def store_deployments(found: Iterable[types.Deployment], *, poll: PollContext) -> None:
    store_answer(found, build_row, model=Deployment, poll=poll)


def build_row(deployment: types.Deployment) -> Deployment:
    sampler_id = deployment.sampler.id if deployment.sampler else ""
    instance = instance_columns(deployment.instance_type)
    return copy_columns(Deployment, deployment, **instance, sampler_remote_id=sampler_id)
