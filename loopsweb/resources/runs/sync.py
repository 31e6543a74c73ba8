"""Runs from the API to snapshot rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loopsweb.loops_api import Client, errors, types
from loopsweb.resources.runs.models import Run
from loopsweb.resources.sessions import sync as sessions
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.sanitize import ID_LENGTH, fit_value
from loopsweb.resources.snapshot.store import store_answer, touch_version

DETAILS_PER_POLL = 20
MISSING_IN_OLDER_LISTS = ("base_url", "sampler_remote_id", "detailed_at")


def pull_runs(client: Client, *, poll: PollContext, known_digest: str) -> str:
    """List the runs and store what changed. Returns the digest of the answer."""
    listing = client.list_runs(scope=poll.scope)
    if listing.digest == known_digest:
        return known_digest
    runs = list(listing)
    has_samplers = any("sampler" in run.raw for run in runs)
    is_stored = store_answer(
        runs,
        lambda run: build_row(run, detailed=has_samplers, poll=poll),
        model=Run,
        poll=poll,
        expected=poll.select_expected_in(Run.objects.all(), listing),
        unreported=() if has_samplers else MISSING_IN_OLDER_LISTS,
    )
    sessions.store_sessions((run.session_id for run in runs if run.session_id), poll=poll)
    return listing.digest if is_stored else ""


def pull_run_details(client: Client, *, poll: PollContext, known_digest: str) -> str:
    """Fetch single runs where the list leaves out address and sampler, a few runs a poll.

    Returns the id of the last run fetched, or `known_digest` when there was none to fetch.
    """
    rows = poll.select_expected(Run.objects.filter(detailed_at=None, missing_since=None))
    digest = known_digest
    for remote_id in rows.order_by("-pk").values_list("remote_id", flat=True)[:DETAILS_PER_POLL]:
        details: dict[str, object] = {"detailed_at": poll.now}
        try:
            run = client.get_run(remote_id)
        except errors.NotFound:
            run = None
        if run:
            sampler = fit_value(sampler_id(run), max_length=ID_LENGTH)
            details |= {"base_url": run.base_url or "", "sampler_remote_id": sampler}
        rows.filter(remote_id=remote_id).update(**details)
        touch_version(poll.workspace)
        digest = remote_id
    return digest


def pull_run(client: Client, remote_id: str, *, poll: PollContext) -> types.Run | None:
    """Fetch one run and store the answer. None when the API answers 404. The answer of an older
    server, which leaves out nearly everything, is not stored."""
    try:
        run = client.get_run(remote_id)
    except errors.NotFound:
        return None
    if run.status:
        unreported = () if run.session_id else ("session_remote_id",)
        store_answer(
            [run],
            lambda run: build_row(run, detailed=True, poll=poll),
            model=Run,
            poll=poll,
            unreported=unreported,
        )
    return run


def store_created_run(run: types.Run, *, sent: Mapping[str, Any], poll: PollContext) -> None:
    """Store a run the API just created, so that it shows before the next list has it.

    `sent` fills in what the answer leaves out.
    """

    def build(run: types.Run) -> Run:
        row = build_row(run, detailed=True, poll=poll)
        row.session_remote_id = row.session_remote_id or sent["session_id"]
        row.base_model = row.base_model or sent["base_model"]
        return row

    store_answer([run], build, model=Run, poll=poll)


def build_row(run: types.Run, *, detailed: bool, poll: PollContext) -> Run:
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
        detailed_at=poll.now if detailed else None,
        raw=run.raw,
    )


def sampler_id(run: types.Run) -> str:
    return run.sampler.id if run.sampler else ""
