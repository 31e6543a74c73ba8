"""What pages say, compared with what was so: never newer than its age, absent is not stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from loopsweb.accounts.models import Workspace
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.states import STATES, State
from loopsweb.resources.nouns import NOUNS, VOCABULARIES, Noun
from loopsweb.resources.pages.freshness import load_freshness
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.resources.snapshot.status_changes import StatusChange
from tests.simulation.clock import START
from tests.simulation.history import ABSENT, UNTOLD, History
from tests.simulation.sending import Sending

POLLED = [NOUNS[slug] for slug in ("runs", "samplers", "checkpoints", "deployments")]


class Broken(AssertionError):
    """A promise was not kept."""


class Promises:
    """organisations: {workspace: the organisation that it shows}."""

    def __init__(
        self,
        *,
        history: History,
        sending: Sending,
        clock: Callable[[], datetime],
        organisations: dict[Workspace, str],
    ) -> None:
        self.history, self.sending, self.clock = history, sending, clock
        self.organisations = organisations
        self.last_change = 0
        self.ages: dict[tuple[int, str], datetime] = {}
        self.settled: dict[int, State] = {}

    def check(self) -> None:
        for workspace in self.organisations:
            freshness = load_freshness(workspace)
            for noun in POLLED:
                feed = freshness.feed(noun.feed)
                if feed.as_of is None:
                    continue
                shown = self.check_rows(noun, workspace, as_of=feed.as_of)
                is_loading = feed.error.startswith("Loading")
                is_whole = not is_loading and (feed.failing_since or not feed.error)
                if is_whole and self.sees_organisation(workspace):
                    self.check_absent(noun, workspace, shown, as_of=feed.as_of)
        self.check_ages()
        self.check_changes()
        self.check_requests()

    def check_rows(self, noun: Noun, workspace: Workspace, *, as_of: datetime) -> set[str]:
        """What is shown was so at some moment since the time that the page says it is from.

        Returns the ids."""
        now, history = self.clock(), self.history
        field = noun.model.status_field
        shown = set[str]()
        columns = ("remote_id", field, "missing_since", "is_status_omitted")
        for remote_id, status, missing_since, untold in noun.model._default_manager.filter(
            workspace=workspace
        ).values_list(*columns):
            shown.add(remote_id)
            thing = noun.singular, remote_id
            if status in VOCABULARIES[noun.singular].terminal:
                if status not in history.ever(thing):
                    raise Broken(f"{thing} is shown as {status}, which it never was")
            elif status and not (missing_since or untold):
                told = history.between(thing, as_of, now)
                if status not in told:
                    raise Broken(f"{thing} is shown as {status} as of {as_of}; since then: {told}")
        return shown

    def check_absent(
        self, noun: Noun, workspace: Workspace, shown: set[str], *, as_of: datetime
    ) -> None:
        """What was there all the time since then is shown."""
        for thing in self.find_lasting(noun.singular, workspace, since=as_of):
            if thing[1] not in shown:
                raise Broken(f"{thing} is not shown, though it was there at {as_of}")

    def sees_organisation(self, workspace: Workspace) -> bool:
        states = PollState.objects.filter(key__workspace=workspace, key__sees_organisation=True)
        return any(Feed.load(state, "runs").as_of for state in states)

    def find_lasting(
        self, noun: str, workspace: Workspace, *, since: datetime
    ) -> Iterator[tuple[str, str]]:
        """What the API listed all the time."""
        organisation = self.organisations[workspace]
        for thing, owner in self.history.owners.items():
            is_own = thing[0] == noun and owner == organisation
            if is_own and ABSENT not in self.history.between(thing, since, self.clock()):
                yield thing

    def check_ages(self) -> None:
        """No answer is from the future, and none gives way to an older one."""
        for state in PollState.objects.all():
            for name in state.feeds:
                as_of = Feed.load(state, name).as_of
                if as_of is None:
                    continue
                before = self.ages.get((state.pk, name), as_of)
                if not before <= as_of <= self.clock():
                    raise Broken(f"{name} of {state.key} was as of {before}, and is of {as_of}")
                self.ages[state.pk, name] = as_of

    def check_changes(self) -> None:
        """Each change of a status happened in the interval that is told."""
        for change in StatusChange.objects.filter(pk__gt=self.last_change).order_by("pk"):
            self.last_change = change.pk
            thing, since = (change.noun, change.remote_id), change.last_seen_old_at or START
            passed = self.history.between(thing, since, self.clock())
            if not {change.old, change.new} <= passed | {UNTOLD}:
                raise Broken(f"{change.old} → {change.new} of {thing} since {since} never was")

    def check_requests(self) -> None:
        for request in Deactivation.objects.all():
            state, thing = State(request.state), (request.noun, request.target_remote_id)
            sent = self.sending.sent.get(request.pk)
            if sent and not STATES[state].sent:
                raise Broken(f"the {request} was sent")
            if state == State.CONFIRMED and "STOPPED" not in self.history.ever(thing):
                raise Broken(f"the {request} is said to be stopped")
            if request.approver.lower() == request.person.lower():
                raise Broken(f"the {request} was approved by its requester")
            self.check_settled(request, state)
            assumed = (request.answer or {}).get("assumed")
            if state == State.REFUSED and sent and sent.is_accepted and not assumed:
                raise Broken(f"the {request}, which the API accepted, is said to have no effect")

    def check_settled(self, request: Deactivation, state: State) -> None:
        """What has an outcome keeps it; the API may still do what seemed to have no effect."""
        before = self.settled.get(request.pk, state)
        if state != before and (before, state) != (State.REFUSED, State.CONFIRMED):
            raise Broken(f"the {request} was {before}, and is {state}")
        if not STATES[state].open:
            self.settled[request.pk] = state
