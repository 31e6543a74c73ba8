"""From the samplers the API lists to the rows of the snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loopsweb.loops_api import Client, errors, types
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.poll_context import Reading
from loopsweb.resources.snapshot.store import bump, keep

NO_INSTANCE = types.InstanceType(id="")
KNOWN_FROM_ELSEWHERE = ("run_remote_id", "session_remote_id")


def pull(client: Client, *, reading: Reading, known_digest: str) -> str:
    """Ask for the samplers and keep what is new; the digest of the answer."""
    listing = client.list_samplers(scope=reading.scope)
    is_kept = listing.digest == known_digest or keep(
        listing,
        row_of,
        model=Sampler,
        reading=reading,
        expected=reading.missable(Sampler.objects.all(), listing),
        leave=KNOWN_FROM_ELSEWHERE,
    )
    pair(reading=reading)
    return listing.digest if is_kept else ""


def pair(*, reading: Reading) -> None:
    """Name on each sampler the run that says it is paired with it: samplers do not say so."""
    unpaired = Sampler.objects.in_workspace(reading.workspace).filter(run_remote_id="")
    runs = Run.objects.in_workspace(reading.workspace).exclude(sampler_remote_id="").order_by("pk")
    of_sampler = {
        sampler_id: (run_id, session_id)
        for sampler_id, run_id, session_id in runs.values_list(
            "sampler_remote_id", "remote_id", "session_remote_id"
        )
    }
    paired = [sampler for sampler in unpaired if sampler.remote_id in of_sampler]
    for sampler in paired:
        sampler.run_remote_id, sampler.session_remote_id = of_sampler[sampler.remote_id]
    if paired:
        Sampler.objects.bulk_update(paired, KNOWN_FROM_ELSEWHERE, batch_size=500)
        bump(reading.workspace)


def pull_one(client: Client, remote_id: str, *, reading: Reading) -> types.Sampler | None:
    """Ask about one sampler by its own route and keep the answer; None where it answers 404. An
    older server's answer, which has no status, is not kept."""
    try:
        found = client.get_sampler(remote_id)
    except errors.NotFound:
        return None
    if found.status:
        keep([found], row_of, model=Sampler, reading=reading, leave=KNOWN_FROM_ELSEWHERE)
    return found


def keep_created(sampler: types.Sampler, *, asked: Mapping[str, Any], reading: Reading) -> None:
    """A sampler the API just made: shown at once, before the next list names it.

    What the answer leaves out is as it was `asked`.
    """

    def build(sampler: types.Sampler) -> Sampler:
        row = row_of(sampler)
        row.session_remote_id = asked["session_id"]
        row.base_model = row.base_model or asked["base_model"]
        return row

    keep([sampler], build, model=Sampler, reading=reading)


def row_of(sampler: types.Sampler) -> Sampler:
    instance = sampler.instance_type or NO_INSTANCE
    return Sampler(
        base_url=sampler.base_url or "",
        base_model=sampler.base_model or "",
        created_at=sampler.created_at,
        model_id=sampler.model_id or "",
        deployment_remote_id=sampler.deployment_id or "",
        status=sampler.status or "",
        owner_email=sampler.owner_email or "",
        instance_id=instance.id,
        instance_name=instance.name or "",
        gpu_type=instance.gpu_type or "",
        gpu_count=instance.gpu_count,
        node_count=sampler.node_count,
        raw=sampler.raw,
    )
