"""From the runs the API lists to the rows of the snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loopsweb.loops_api import Client, errors, types
from loopsweb.resources.runs.models import Run
from loopsweb.resources.sessions import sync as sessions
from loopsweb.resources.snapshot.poll_context import Reading
from loopsweb.resources.snapshot.sanitize import ID_LENGTH, fit
from loopsweb.resources.snapshot.store import bump, keep

DETAILS_PER_POLL = 20
LEFT_OUT_BY_OLDER_LISTS = ("base_url", "sampler_remote_id", "detailed_at")


def pull(client: Client, *, reading: Reading, known_digest: str) -> str:
    """Ask for the runs and keep what is new; the digest of the answer."""
    listing = client.list_runs(scope=reading.scope)
    if listing.digest == known_digest:
        return known_digest
    runs = list(listing)
    names_pair = any("sampler" in run.raw for run in runs)
    is_kept = keep(
        runs,
        lambda run: row_of(run, detailed=names_pair, reading=reading),
        model=Run,
        reading=reading,
        expected=reading.missable(Run.objects.all(), listing),
        leave=() if names_pair else LEFT_OUT_BY_OLDER_LISTS,
    )
    sessions.harvest((run.session_id for run in runs if run.session_id), reading=reading)
    return listing.digest if is_kept else ""


def pull_details(client: Client, *, reading: Reading, known_digest: str) -> str:
    """Ask the routes of runs whose list leaves out address and sampler, a few runs a poll.

    The answer's digest names the last run asked about, so that a poll with nothing to ask is no
    news.
    """
    rows = reading.expected(Run.objects.filter(detailed_at=None, missing_since=None))
    digest = known_digest
    for remote_id in rows.order_by("-pk").values_list("remote_id", flat=True)[:DETAILS_PER_POLL]:
        learned: dict[str, object] = {"detailed_at": reading.now}
        try:
            run = client.get_run(remote_id)
        except errors.NotFound:
            run = None
        if run:
            named = fit(sampler_id(run), max_length=ID_LENGTH)
            learned |= {"base_url": run.base_url or "", "sampler_remote_id": named}
        rows.filter(remote_id=remote_id).update(**learned)
        bump(reading.workspace)
        digest = remote_id
    return digest


def pull_one(client: Client, remote_id: str, *, reading: Reading) -> types.Run | None:
    """Ask about one run by its own route and keep the answer; None where it answers 404. An older
    server's answer, which leaves out nearly everything, is not kept."""
    try:
        run = client.get_run(remote_id)
    except errors.NotFound:
        return None
    if run.status:
        leave = () if run.session_id else ("session_remote_id",)
        keep(
            [run],
            lambda run: row_of(run, detailed=True, reading=reading),
            model=Run,
            reading=reading,
            leave=leave,
        )
    return run


def keep_created(run: types.Run, *, asked: Mapping[str, Any], reading: Reading) -> None:
    """A run the API just made: shown at once, before the next list names it.

    What the answer leaves out is as it was `asked`.
    """

    def build(run: types.Run) -> Run:
        row = row_of(run, detailed=True, reading=reading)
        row.session_remote_id = row.session_remote_id or asked["session_id"]
        row.base_model = row.base_model or asked["base_model"]
        return row

    keep([run], build, model=Run, reading=reading)


def row_of(run: types.Run, *, detailed: bool, reading: Reading) -> Run:
    return Run(
        session_remote_id=run.session_id or "",
        base_model=run.base_model or "",
        base_url=run.base_url or "",
        name=run.name or "",
        created_at=run.created_at,
        status=run.status or "",
        owner_email=run.owner_email or "",
        deployment_remote_id=run.deployment_id or "",
        is_serverless=run.is_serverless,
        sampler_remote_id=sampler_id(run),
        detailed_at=reading.now if detailed else None,
        raw=run.raw,
    )


def sampler_id(run: types.Run) -> str:
    return run.sampler.id if run.sampler else ""
