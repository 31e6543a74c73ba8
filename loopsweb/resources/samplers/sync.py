"""Samplers from the API to snapshot rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from loopsweb.accounts.models import Workspace
from loopsweb.loops_api import Client, errors, types
from loopsweb.loops_api.omissions import fill_omissions
from loopsweb.prepared_writes import PreparedUpdate
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.store import (
    NewAnswer,
    copy_columns,
    lock_writers,
    rows_stored,
    store_answer,
    store_list,
    touch_version,
)
from loopsweb.resources.snapshot.stored_rows import split_into_batches
from loopsweb.ui.search import write_search_text

KNOWN_FROM_RUNS = ("run_remote_id", "session_remote_id")
PAIRING = PreparedUpdate(Sampler, (*KNOWN_FROM_RUNS, "search_text"))


def pull_samplers(client: Client, *, poll: PollContext, known_digest: str) -> NewAnswer | None:
    """List the samplers. Returns None if nothing is new. `pair_with_runs` follows."""
    listing = client.list_samplers(scope=poll.scope)
    if listing.digest == known_digest:
        return None
    rows = Sampler.objects.all()
    store = partial(
        store_list, listing, build_row, rows=rows, poll=poll, unreported=KNOWN_FROM_RUNS
    )
    return NewAnswer(store, listing.size)


def pair_with_runs(*, poll: PollContext) -> None:
    """Write into each sampler the run that names it: samplers do not name their run."""
    runs = Run.objects.in_workspace(poll.workspace)
    is_named = Exists(runs.filter(sampler_remote_id=OuterRef("remote_id")))
    unpaired = Sampler.objects.in_workspace(poll.workspace).filter(is_named, run_remote_id="")
    for ids in split_into_batches(unpaired.values_list("remote_id", flat=True)):
        pair_samplers(poll.workspace, ids)


@transaction.atomic
def pair_samplers(workspace: Workspace, ids: list[str]) -> None:
    lock_writers(workspace)
    runs = Run.objects.in_workspace(workspace).filter(sampler_remote_id__in=ids).order_by("pk")
    named = runs.values_list("sampler_remote_id", "remote_id", "session_remote_id")
    run_of = {sampler_id: (run_id, session_id) for sampler_id, run_id, session_id in named}
    paired = list(Sampler.objects.in_workspace(workspace).filter(remote_id__in=run_of))
    for sampler in paired:
        sampler.run_remote_id, sampler.session_remote_id = run_of[sampler.remote_id]
        write_search_text(sampler)
    with connection.cursor() as cursor:
        PAIRING.update(cursor, paired)
    names = [sampler.remote_id for sampler in paired]
    rows_stored.send(sender=Sampler, workspace=workspace, ids=names, rows=paired)
    touch_version(workspace)


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
    """`sent` fills in what the answer leaves out."""
    run_id = sent.get("run_id", "")
    runs = Run.objects.in_workspace(poll.workspace).filter(remote_id=run_id)
    inherited = runs.values_list("base_model", flat=True).first()
    sampler, _ = fill_omissions(sampler, {"base_model": sent.get("base_model", inherited)})
    build = partial(build_row, session_remote_id=sent["session_id"], run_remote_id=run_id)
    store_answer([sampler], build, model=Sampler, poll=poll)


def build_row(sampler: types.Sampler, **own: Any) -> Sampler:
    return copy_columns(Sampler, sampler, **instance_columns(sampler.instance_type), **own)


def instance_columns(instance: types.InstanceType | None) -> dict[str, Any]:
    """The columns of a GPUHolder that describe its instance type."""
    if instance is None:
        return {}
    return {
        "instance_id": instance.id,
        "instance_name": instance.name or "",
        "gpu_type": instance.gpu_type or "",
        "gpu_count": instance.gpu_count,
    }
