"""Samplers from the API to snapshot rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loopsweb.loops_api import Client, errors, types
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.store import store_answer, touch_version

NO_INSTANCE = types.InstanceType(id="")
KNOWN_FROM_RUNS = ("run_remote_id", "session_remote_id")


def pull_samplers(client: Client, *, poll: PollContext, known_digest: str) -> str:
    """List the samplers and store what changed. Returns the digest of the answer."""
    listing = client.list_samplers(scope=poll.scope)
    is_stored = listing.digest == known_digest or store_answer(
        listing,
        build_row,
        model=Sampler,
        poll=poll,
        expected=poll.select_expected_in(Sampler.objects.all(), listing),
        unreported=KNOWN_FROM_RUNS,
    )
    pair_with_runs(poll=poll)
    return listing.digest if is_stored else ""


def pair_with_runs(*, poll: PollContext) -> None:
    """Write into each sampler the run that names it: samplers do not name their run."""
    unpaired = Sampler.objects.in_workspace(poll.workspace).filter(run_remote_id="")
    runs = Run.objects.in_workspace(poll.workspace).exclude(sampler_remote_id="").order_by("pk")
    run_by_sampler = {
        sampler_id: (run_id, session_id)
        for sampler_id, run_id, session_id in runs.values_list(
            "sampler_remote_id", "remote_id", "session_remote_id"
        )
    }
    paired = [sampler for sampler in unpaired if sampler.remote_id in run_by_sampler]
    for sampler in paired:
        sampler.run_remote_id, sampler.session_remote_id = run_by_sampler[sampler.remote_id]
    if paired:
        Sampler.objects.bulk_update(paired, KNOWN_FROM_RUNS, batch_size=500)
        touch_version(poll.workspace)


def pull_sampler(client: Client, remote_id: str, *, poll: PollContext) -> types.Sampler | None:
    """Fetch one sampler and store the answer. None when the API answers 404. The answer of an older
    server, which has no status, is not stored."""
    try:
        found = client.get_sampler(remote_id)
    except errors.NotFound:
        return None
    if found.status:
        store_answer([found], build_row, model=Sampler, poll=poll, unreported=KNOWN_FROM_RUNS)
    return found


def store_created_sampler(
    sampler: types.Sampler, *, sent: Mapping[str, Any], poll: PollContext
) -> None:
    """Store a sampler the API just created, so that it shows before the next list has it.

    `sent` fills in what the answer leaves out.
    """

    def build(sampler: types.Sampler) -> Sampler:
        row = build_row(sampler)
        row.session_remote_id = sent["session_id"]
        row.base_model = row.base_model or sent["base_model"]
        return row

    store_answer([sampler], build, model=Sampler, poll=poll)


def build_row(sampler: types.Sampler) -> Sampler:
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
