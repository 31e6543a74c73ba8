"""Deployments from the API to snapshot rows."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from loopsweb.loops_api import Client, errors, types
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.samplers.sync import NO_INSTANCE
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.store import store_answer, touch_version

MAX_VANISHED_PER_POLL = 20


def pull_deployments(client: Client, *, poll: PollContext, known_digest: str) -> str:
    """List the deployments and store what changed. Returns the digest of the answer.

    Absence from the list is no status: `pull_vanished_deployments` then fetches the deployment.
    """
    listing = client.list_deployments(scope=poll.scope)
    if listing.digest != known_digest:
        live = Deployment.objects.exclude(status__in=DEPLOYMENT.terminal)
        if not store_deployments(
            listing, poll=poll, expected=poll.select_expected_in(live, listing)
        ):
            return ""
    return listing.digest


def pull_vanished_deployments(client: Client, *, poll: PollContext, known_digest: str = "") -> str:
    """Fetch each deployment that left the list before its end was seen."""
    vanished = Deployment.objects.filter(missing_since__isnull=False, gone_at=None)
    rows = poll.select_expected(vanished.exclude(status__in=DEPLOYMENT.terminal))
    for remote_id in rows.order_by("changed_at").values_list("remote_id", flat=True)[
        :MAX_VANISHED_PER_POLL
    ]:
        pull_deployment(client, remote_id, poll=poll)
    return known_digest


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


def store_deployments(
    found: Iterable[types.Deployment],
    *,
    poll: PollContext,
    expected: QuerySet[Deployment] | None = None,
) -> bool:
    return store_answer(
        found,
        build_row,
        model=Deployment,
        poll=poll,
        expected=expected,
    )


def build_row(deployment: types.Deployment) -> Deployment:
    instance = deployment.instance_type or NO_INSTANCE
    return Deployment(
        base_model=deployment.base_model or "",
        base_url=deployment.base_url or "",
        status=deployment.status or "",
        active_run_remote_id=deployment.active_run_id or "",
        latest_run_remote_id=deployment.latest_run_id or "",
        owner_email=deployment.owner_email or "",
        created_at=deployment.created_at,
        availability_model=deployment.availability_model or "",
        instance_id=instance.id,
        instance_name=instance.name or "",
        gpu_type=instance.gpu_type or "",
        gpu_count=instance.gpu_count,
        node_count=deployment.node_count,
        sampler_remote_id=deployment.sampler.id if deployment.sampler else "",
        raw=deployment.raw,
    )
