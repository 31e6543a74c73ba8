"""Runs from the API to snapshot rows."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from loopsweb.loops_api import Client, LazyList, errors, types
from loopsweb.loops_api.omissions import fill_omissions
from loopsweb.resources.runs.models import WITHOUT_DETAILS, Run
from loopsweb.resources.sessions import sync as sessions
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.sanitize import ID_LENGTH, fit_value
from loopsweb.resources.snapshot.store import (
    NewAnswer,
    copy_columns,
    lock_writers,
    rows_stored,
    store_answer,
    store_list,
    touch_version,
)

DETAILS_PER_POLL = 20
MISSING_IN_OLDER_LISTS = ("base_url", "sampler_remote_id", "detailed_at")


def pull_runs(client: Client, *, poll: PollContext, known_digest: str) -> NewAnswer | None:
    """List the runs. Returns None if nothing is new."""
    listing = client.list_runs(scope=poll.scope)
    if listing.digest == known_digest:
        return None
    return NewAnswer(partial(store_runs, listing, poll=poll), listing.size)


def store_runs(listing: LazyList[types.Run], *, poll: PollContext) -> str:
    """Store what changed, and the sessions that the runs name."""
    has_samplers = any("sampler" in run.raw for run in listing)
    detailed_at = poll.now if has_samplers else None
    digest = store_list(
        listing,
        lambda run: build_row(run, detailed_at=detailed_at),
        rows=Run.objects.all(),
        poll=poll,
        unreported=() if has_samplers else MISSING_IN_OLDER_LISTS,
    )
    sessions.store_sessions((run.session_id for run in listing if run.session_id), poll=poll)
    return digest


def pull_run_details(client: Client, *, poll: PollContext, known_digest: str) -> NewAnswer | None:
    """Fetch single runs where the list leaves out address and sampler, a few runs a poll.

    Each is stored at once. Returns an answer whose digest is the id of the last one, None if there
    was none.
    """
    rows = poll.select_expected(select_without_details())
    digest = ""
    for remote_id in rows.order_by("-pk").values_list("remote_id", flat=True)[:DETAILS_PER_POLL]:
        details: dict[str, object] = {"detailed_at": poll.now}
        try:
            run = client.get_run(remote_id)
        except errors.NotFound:
            run = None
        if run:
            sampler = fit_value(get_sampler_id(run), max_length=ID_LENGTH)
            told = {"base_url": run.base_url or "", "sampler_remote_id": sampler}
            details |= {name: value for name, value in told.items() if value}
        with transaction.atomic():
            lock_writers(poll.workspace)
            rows.filter(remote_id=remote_id).update(**details)
            rows_stored.send(sender=Run, workspace=poll.workspace, ids=[remote_id], rows=[])
            touch_version(poll.workspace)
        digest = remote_id
    return NewAnswer(lambda: digest) if digest else None


def select_without_details() -> QuerySet[Run]:
    return Run.objects.filter(WITHOUT_DETAILS)


def pull_run(client: Client, remote_id: str, *, poll: PollContext) -> types.Run | None:
    """Fetch one run and store the answer. None when the API answers 404. The answer of an older
    server, which leaves out nearly everything, is not stored."""
    try:
        run = client.get_run(remote_id)
    except errors.NotFound:
        return None
    if run.status:
        build = partial(build_row, detailed_at=poll.now)
        unreported = () if run.session_id else ("session_remote_id",)
        store_answer([run], build, model=Run, poll=poll, unreported=unreported)
    return run


def store_created_run(run: types.Run, *, sent: Mapping[str, Any], poll: PollContext) -> None:
    """`sent` fills in what the answer leaves out."""
    run, _ = fill_omissions(run, {name: sent[name] for name in ("session_id", "base_model")})
    store_answer([run], partial(build_row, detailed_at=poll.now), model=Run, poll=poll)


def build_row(run: types.Run, **own: Any) -> Run:
    return copy_columns(Run, run, sampler_remote_id=get_sampler_id(run), **own)


def get_sampler_id(run: types.Run) -> str:
    return run.sampler.id if run.sampler else ""
