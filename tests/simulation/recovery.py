"""The end of a simulation: faults end, the world stands still, and all is right again in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from loopsweb.accounts.models import Workspace
from loopsweb.audit.chain.stored import verify_stored_chain
from loopsweb.keys.models import Key
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import SENT
from loopsweb.resources.nouns import Noun
from loopsweb.resources.pages.freshness import load_freshness
from tests.simulation.history import UNTOLD
from tests.simulation.promises import POLLED
from tests.simulation.simulation import Simulation

LONGEST_WAIT = timedelta(seconds=75)  # of a key that works, for its next poll
LOOK_SECONDS = 25
LONGEST_RETRY = 62 * 60  # seconds: by then a refused key is tried again, an outcome asked for


class NotRecovered(AssertionError):
    """Faults ended, and something is still not right."""


def recover(simulation: Simulation) -> None:
    clock, people = simulation.clock, simulation.people
    simulation.disruptions.planned = None
    simulation.organisation.come_to_rest()
    simulation.history.note()
    people.come_back()
    people.look_away()
    for word in ("whole", "other"):
        people.add_key(word)
    people.check_misjudged_keys()
    began = clock()
    told_to_wait = simulation.polling.longest_quiet + timedelta(seconds=1)
    look_until(max(began + LONGEST_WAIT, told_to_wait), simulation)
    simulation.check()
    for secrets in list_pollers(simulation):
        simulation.polling.check_polled(secrets, since=began)
    clock.pass_(LONGEST_RETRY)
    look_until(clock() + timedelta(seconds=2 * LOOK_SECONDS), simulation)
    simulation.check()
    for workspace in (people.acme, people.other):
        check_workspace(workspace, simulation)
    for request in Deactivation.objects.filter(state__in=SENT):
        if (request.noun, request.target_remote_id) in simulation.history.now:
            raise NotRecovered(f"what became of the {request} is still open")


def look_until(end: datetime, simulation: Simulation) -> None:
    while simulation.clock() < end:
        simulation.work_for(LOOK_SECONDS, worker_numbers=(0, 1))


def list_pollers(simulation: Simulation) -> Iterator[list[str]]:
    """The API keys of which one has to be polled, for each organisation that a workspace shows."""
    for workspace in (simulation.people.acme, simulation.people.other):
        keys = Key.objects.in_workspace(workspace).usable()
        if whole := [key.decrypt_secret() for key in keys if key.sees_organisation]:
            yield whole


def check_workspace(workspace: Workspace, simulation: Simulation) -> None:
    verify_stored_chain(workspace.slug)
    for key in Key.objects.in_workspace(workspace):
        if not key.is_healthy:
            raise NotRecovered(f"{key} is {key.state}: {key.state_reason}")
    freshness = load_freshness(workspace)
    for noun in POLLED:
        feed = freshness.feed(noun.feed)
        if feed.state(now=simulation.clock()) != "ok":
            raise NotRecovered(f"{noun.slug} of {workspace.slug}: {feed}")
        check_rows(noun, workspace, simulation)


def check_rows(noun: Noun, workspace: Workspace, simulation: Simulation) -> None:
    """The rows are what is there. What has ended may stay, with the status that it ended with."""
    history, organisation = simulation.history, simulation.promises.organisations[workspace]
    there = {
        thing[1]: status
        for thing, status in history.now.items()
        if thing[0] == noun.singular and history.owners[thing] == organisation
    }
    rows = noun.model._default_manager.filter(workspace=workspace).reported()
    shown = dict(rows.values_list("remote_id", noun.model.status_field))
    if shown | there != shown or UNTOLD in there.values():
        raise NotRecovered(f"{noun.slug} of {workspace.slug}: {shown}; there is {there}")
    terminal = noun.vocabulary.terminal if noun.vocabulary else frozenset[str]()
    if gone := {one for one in shown.keys() - there.keys() if shown[one] not in terminal}:
        raise NotRecovered(f"{noun.slug} of {workspace.slug} that are not there: {gone}")
