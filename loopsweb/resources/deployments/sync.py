"""From the deployments the API lists to the rows of the snapshot."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from loopsweb.loops_api import Client, errors, types
from loopsweb.resources.deployments.models import TERMINAL, Deployment
from loopsweb.resources.samplers.sync import NO_INSTANCE
from loopsweb.resources.snapshot.poll_context import Reading
from loopsweb.resources.snapshot.store import bump, keep

QUESTIONS_PER_POLL = 20


def pull(client: Client, *, reading: Reading, known_digest: str) -> str:
    """Ask for the deployments and keep what is new; the digest of the answer.

    Absence from the list is no status: it leads to a question about the deployment itself.
    """
    listing = client.list_deployments(scope=reading.scope)
    if listing.digest != known_digest:
        live = Deployment.objects.exclude(status__in=TERMINAL)
        if not keep_all(listing, reading=reading, expected=reading.missable(live, listing)):
            return ""
    return listing.digest


def pull_vanished(client: Client, *, reading: Reading, known_digest: str = "") -> str:
    """Ask about each deployment that left the list without having been seen to end."""
    vanished = Deployment.objects.filter(missing_since__isnull=False, gone_at=None)
    rows = reading.expected(vanished.exclude(status__in=TERMINAL))
    for remote_id in rows.order_by("changed_at").values_list("remote_id", flat=True)[
        :QUESTIONS_PER_POLL
    ]:
        pull_one(client, remote_id, reading=reading)
    return known_digest


def pull_one(client: Client, remote_id: str, *, reading: Reading) -> types.Deployment | None:
    """Ask about one deployment by its own route and keep the answer; None where it answers 404."""
    try:
        found = client.get_deployment(remote_id)
    except errors.NotFound:
        rows = Deployment.objects.in_workspace(reading.workspace).filter(remote_id=remote_id)
        if rows.filter(gone_at=None).update(gone_at=reading.now):
            bump(reading.workspace)
        return None
    keep_all([found], reading=reading)
    return found


def keep_all(
    found: Iterable[types.Deployment],
    *,
    reading: Reading,
    expected: QuerySet[Deployment] | None = None,
) -> bool:
    return keep(
        found,
        row_of,
        model=Deployment,
        reading=reading,
        expected=expected,
    )


def row_of(deployment: types.Deployment) -> Deployment:
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
