"""What a poll begins with, in one query: its state, and what there is to do besides lists. What
there is to do is asked again after news."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, TextField, Value
from django.db.models.functions import Concat

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key
from loopsweb.prepared_queries import Columns, Parameter, PlannedQuery, build_rows
from loopsweb.resources import bills, catalogue
from loopsweb.resources.deployments.sync import select_vanished
from loopsweb.resources.figures.measured_work import SEEMS_IDLE_AFTER, filter_idle
from loopsweb.resources.figures.refresh import FORMULA
from loopsweb.resources.lists.kept_counts import select_outdated
from loopsweb.resources.polling.work_in_progress import list_work_in_progress
from loopsweb.resources.runs.sync import select_without_details
from loopsweb.resources.snapshot.poll_state import PollState

STATE = Columns(PollState)
KEY = Columns(
    Key,
    "id uid workspace_id owner_id name api_url ciphertext ring_id prefix last4 state state_reason "
    "state_since api_email api_workspace_name can_list can_manage sees_organisation generation",
    "key__",
)
WORKSPACE = Columns(Workspace, prefix="key__workspace__")


Agenda = frozenset[str]  # of TOPICS: those that the poll has to look into
TOPICS = (
    "vanished",
    "details",
    "catalogue",
    "bill",
    "work",
    "work in progress",
    "figures",
    "counts",
    "other keys",
)


@PlannedQuery
def select_state() -> QuerySet[PollState, tuple[Any, ...]]:
    here: dict[str, Any] = {"workspace": OuterRef("key__workspace")}
    organisation = Concat(
        OuterRef("key__api_url"),
        Value(" "),
        OuterRef("key__api_workspace_name"),
        output_field=TextField(),
    )
    catalogues = catalogue.Catalogue.objects.filter(**here)
    recent = bills.Bill.objects.filter(
        **here, organisation=organisation, asked_at__gt=Parameter("bill_since")
    )
    in_progress = [Exists(rows) for rows in list_work_in_progress(OuterRef("key__workspace"))]
    idle = filter_idle(now=Parameter("now"), idle_at=Parameter("idle_at")).filter(**here)
    return PollState.objects.filter(pk=Parameter("state")).values_list(
        *(*STATE.paths, *KEY.paths, *WORKSPACE.paths),
        Exists(select_vanished().filter(**here)),
        Exists(select_without_details().filter(**here)),
        ~Exists(catalogues.filter(as_of__gt=Parameter("catalogue_since"))),
        ~Exists(recent),
        Exists(idle),
        in_progress[0] | in_progress[1] | in_progress[2],
        ~Exists(catalogues.filter(formula=FORMULA)),
        Exists(select_outdated(version=OuterRef("key__workspace__version")).filter(**here)),
        Exists(
            PollState.objects.filter(key__workspace=OuterRef("key__workspace")).exclude(
                pk=OuterRef("pk")
            )
        ),
    )


def load_state(state_id: int, *, now: datetime) -> tuple[PollState, Agenda]:
    """The state with its key and workspace. Raises PollState.DoesNotExist.

    A topic is on the agenda for any row of the workspace; it may be another key's turn to ask.
    """
    found = fetch_state(state_id, now=now)
    if not found:
        raise PollState.DoesNotExist
    state, key, workspace = build_rows(found[0], STATE, KEY, WORKSPACE)
    state.key, key.workspace = key, workspace
    return state, read_agenda(found)


def load_agenda(state_id: int, *, now: datetime) -> Agenda:
    """As it is by now. Empty once the key was removed."""
    return read_agenda(fetch_state(state_id, now=now))


def fetch_state(state_id: int, *, now: datetime) -> list[Any]:
    """One row, or none."""
    return select_state.fetch(
        state=state_id,
        now=now,
        idle_at=now - SEEMS_IDLE_AFTER,
        bill_since=now - bills.ASK_AFTER,
        catalogue_since=now - catalogue.STALE_AFTER,
    )


def read_agenda(found: list[Any]) -> Agenda:
    """found: by `fetch_state`."""
    answers = (zip(TOPICS, row[-len(TOPICS) :], strict=True) for row in found)
    return Agenda(topic for row in answers for topic, is_open in row if is_open)
