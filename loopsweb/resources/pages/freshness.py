"""The age of the data on a page, and the reason why it is no newer, in one query."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import QuerySet
from django.utils import timezone

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key
from loopsweb.prepared_queries import Columns, Parameter, PlannedQuery, build_rows
from loopsweb.resources.checkpoints.run_answers import RunAnswer, find_oldest_answer
from loopsweb.resources.history.observation import ASKED_SELDOM, compute_late_time
from loopsweb.resources.nouns import FEEDS, NOUNS
from loopsweb.resources.runs.models import Run
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_state import PollState, group_by_organisation, select_polling

NO_KEY_TO_POLL = "This workspace has no API key yet, so nothing is read. Add a key."
NO_SCOPE = (
    "No key of this workspace may list deployments: that takes the scope "
    "manage_org_training_projects."
)
PARTLY_READ = "Not everything has been read yet: some keys wait for their first answer."
LATE_AFTER = timedelta(minutes=1)
CHECKPOINTS = NOUNS["checkpoints"].feed


@dataclass(frozen=True)
class FeedFreshness:
    """as_of: of the oldest answer shown, None when nothing has been read yet.
    failing_since: the first failure after it, None when the last try succeeded.
    error: why it fails or is not polled, in plain words. next_poll_at: of the poll that asks again
    for what is oldest. due_at: of the next poll. late_at: when a newer answer was due."""

    as_of: datetime | None = None
    failing_since: datetime | None = None
    error: str = ""
    next_poll_at: datetime | None = None
    due_at: datetime | None = None
    late_at: datetime | None = None

    @property
    def lacks_key(self) -> bool:
        return self.error == NO_KEY_TO_POLL

    def state(self, *, now: datetime) -> Literal["failing", "late", "ok", "unread"]:
        if self.failing_since:
            return "failing"
        if self.is_overdue(now=now) or (self.late_at and self.late_at < now):
            return "late"
        return "ok" if self.as_of else "unread"

    def is_overdue(self, *, now: datetime) -> bool:
        """True if a poll should have begun and has not."""
        return self.due_at is not None and self.due_at < now - LATE_AFTER


class Freshness:
    """Of a workspace, from the states of polling with its keys. Each feed is worked out once."""

    def __init__(self, states: list[PollState]) -> None:
        self.organisations = group_by_organisation(states)
        self.known: dict[str, FeedFreshness] = {}

    def feed(self, name: str) -> FeedFreshness:
        if name not in self.known:
            every = [compute_organisation_freshness(name, states) for states in self.organisations]
            self.known[name] = pick_stalest(every)
        return self.known[name]

    def of(self, slug: str, *others: str) -> FeedFreshness:
        """The freshness of a page about the noun `slug`, such as "runs", that shows the `others`
        too: as old as the oldest answer it shows."""
        own = self.feed(NOUNS[slug].feed)
        if own.as_of is None:
            return own
        feeds = {NOUNS[other].feed for other in others} - {NOUNS[slug].feed}
        return pick_stalest([own, *filter(is_shown, map(self.feed, sorted(feeds)))])

    def narrow(self, answer: RunAnswer | None) -> None:
        """From now on checkpoints are as old as the answer about those runs that are shown."""
        whole = self.feed(CHECKPOINTS)
        if answer and whole.as_of and whole.as_of < answer.as_of:
            next_poll_at = whole.next_poll_at if answer.is_seldom else whole.due_at
            late_at = compute_late_time(CHECKPOINTS, answer.as_of)
            self.known[CHECKPOINTS] = replace(
                whole, as_of=answer.as_of, late_at=late_at, next_poll_at=next_poll_at
            )

    @property
    def overall(self) -> FeedFreshness:
        feeds = [self.feed(name) for name in FEEDS]
        return pick_stalest([*filter(is_shown, feeds)] or feeds)


def is_shown(feed: FeedFreshness) -> bool:
    """False while there is nothing of it on any page."""
    return feed.as_of is not None or feed.failing_since is not None


STATE = Columns(
    PollState, "id key_id next_poll_at refused_since failures feeds checkpoints_confirmed_at"
)
KEY = Columns(
    Key,
    "id workspace_id name prefix last4 api_url state state_reason state_since api_workspace_name "
    "can_manage sees_organisation",
    "key__",
)


@PlannedQuery
def select_states() -> QuerySet[PollState, tuple[object, ...]]:
    states = PollState.objects.filter(key__workspace_id=Parameter("workspace"))
    return states.order_by("pk").values_list(*STATE.paths, *KEY.paths)


def load_freshness(workspace: Workspace, *, runs: QuerySet[Run] | None = None) -> Freshness:
    """runs: the only ones whose checkpoints are shown; None for all."""
    states = []
    for row in select_states.fetch(workspace=workspace.pk):
        state, state.key = build_rows(row, STATE, KEY)
        states.append(state)
    freshness = Freshness(states)
    if runs is not None:
        freshness.narrow(find_oldest_answer(workspace, runs))
    return freshness


def compute_organisation_freshness(feed_name: str, states: list[PollState]) -> FeedFreshness:
    """One organisation's keys: the newest answer to a key that sees all of it counts, else the
    oldest answer to any."""
    pollers = select_polling(states)
    lacks_scope = feed_name == "deployments" and all(
        state.key.can_manage is False for state in pollers
    )
    if lacks_scope:
        stalest = FeedFreshness(error=NO_SCOPE)
    else:
        stalest = pick_stalest([compute_key_freshness(feed_name, state) for state in pollers])
    counted = [one for one in states if lacks_scope or one.key.sees_organisation]
    feeds = [Feed.load(one, feed_name) for one in counted]
    times = [feed.as_of for feed in feeds if feed.as_of]
    as_of = max(times) if times else stalest.as_of
    return replace(stalest, as_of=as_of, late_at=compute_late_time(feed_name, as_of))


def compute_key_freshness(feed_name: str, state: PollState) -> FeedFreshness:
    feed, key = Feed.load(state, feed_name), state.key
    if not key.is_healthy:
        why = f"Polling with the key {key} has stopped: {key.state_reason}"
        return FeedFreshness(as_of=feed.as_of, failing_since=key.state_since, error=why)
    return FeedFreshness(
        as_of=feed.as_of,
        failing_since=feed.failing_since,
        error=feed.error,
        next_poll_at=find_next_poll(feed_name, feed, state),
        due_at=state.next_poll_at,
    )


def find_next_poll(feed_name: str, feed: Feed, state: PollState) -> datetime:
    """The poll that asks again for what is oldest: not the next one for what is asked seldom.

    The list of runs, which checkpoints are no newer than, is asked for by each poll."""
    seldom, confirmed_at = ASKED_SELDOM.get(feed_name), state.checkpoints_confirmed_at
    if not (seldom and feed.as_of and confirmed_at):
        return state.next_poll_at
    listed_at = Feed.load(state, NOUNS["runs"].feed).as_of or confirmed_at
    is_seldom = feed.as_of < min(confirmed_at, listed_at)
    return max(state.next_poll_at, feed.as_of + seldom) if is_seldom else state.next_poll_at


def pick_stalest(candidates: list[FeedFreshness]) -> FeedFreshness:
    """One for many: failing if one is, as old as the oldest answer there is."""
    if len(candidates) < 2:  # noqa: PLR2004
        return candidates[0] if candidates else FeedFreshness(error=NO_KEY_TO_POLL)
    read = [one for one in candidates if one.as_of]
    stalest = min(read or candidates, key=lambda one: (not one.failing_since, str(one.as_of)))
    failing = [one for one in candidates if one.failing_since]
    if failing:
        stalest = min(failing, key=lambda one: str(one.failing_since))
    error = stalest.error or (PARTLY_READ if len(read) not in (0, len(candidates)) else "")
    return replace(
        stalest,
        as_of=min((one.as_of for one in read if one.as_of), default=None),
        late_at=min((one.late_at for one in read if one.late_at), default=None),
        error=error,
    )


def compute_page_version(workspace: Workspace, feed: FeedFreshness) -> str:
    """Changes whenever a live page would: with the snapshot, and with how polling goes."""
    shown = (feed.state(now=timezone.now()), feed.as_of is None, feed.failing_since, feed.error)
    return f"{workspace.version}.{zlib.crc32(repr(shown).encode()):x}"
