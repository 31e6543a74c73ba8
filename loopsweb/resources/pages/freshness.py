"""The age of the data on a page, and the reason why it is no newer, in one query."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from django.utils import timezone

from loopsweb.accounts.models import Workspace
from loopsweb.resources.nouns import FEEDS, NOUNS
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_state import PollState, group_by_organisation, select_polling

NO_KEY_TO_POLL = "This workspace has no API key yet, so nothing is read. Add a key."
NO_SCOPE = (
    "No key of this workspace may list deployments: that takes the scope "
    "manage_org_training_projects."
)
LATE_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class FeedFreshness:
    """as_of: of the oldest answer shown, None when nothing has been read yet.
    failing_since: the first failure after it, None when the last try succeeded.
    error: why it fails or is not polled, in plain words."""

    as_of: datetime | None = None
    failing_since: datetime | None = None
    error: str = ""
    next_poll_at: datetime | None = None

    def state(self, *, now: datetime) -> Literal["failing", "late", "ok", "unread"]:
        if self.failing_since:
            return "failing"
        if self.next_poll_at and self.next_poll_at < now - LATE_AFTER:
            return "late"
        return "ok" if self.as_of else "unread"


@dataclass(frozen=True)
class Freshness:
    feeds: dict[str, FeedFreshness]

    def of(self, slug: str) -> FeedFreshness:
        """slug: a noun's, such as "runs"."""
        return self.feeds[NOUNS[slug].feed]

    @property
    def overall(self) -> FeedFreshness:
        return pick_stalest([one for one in self.feeds.values() if one.error != NO_SCOPE])


def load_freshness(workspace: Workspace) -> Freshness:
    states = list(PollState.objects.filter(key__workspace=workspace).select_related("key"))
    if not states:
        return Freshness(dict.fromkeys(FEEDS, FeedFreshness(error=NO_KEY_TO_POLL)))
    groups = group_by_organisation(states)
    return Freshness(
        {
            name: pick_stalest([compute_organisation_freshness(name, group) for group in groups])
            for name in FEEDS
        }
    )


def compute_organisation_freshness(feed_name: str, states: list[PollState]) -> FeedFreshness:
    """One organisation's keys: the newest answer to a key that sees all of it counts, else the
    oldest answer to any."""
    pollers = select_polling(states)
    if feed_name == "deployments" and not any(state.key.can_manage for state in pollers):
        return FeedFreshness(error=NO_SCOPE)
    stalest = pick_stalest([compute_key_freshness(feed_name, state) for state in pollers])
    feeds = [Feed.load(state, feed_name) for state in states if state.key.sees_organisation]
    times = [feed.as_of for feed in feeds if feed.as_of]
    return replace(stalest, as_of=max(times)) if times else stalest


def compute_key_freshness(feed_name: str, state: PollState) -> FeedFreshness:
    feed, key = Feed.load(state, feed_name), state.key
    if not key.is_healthy:
        why = f"Polling with the key {key} has stopped: {key.state_reason}"
        return FeedFreshness(as_of=feed.as_of, failing_since=key.state_since, error=why)
    return FeedFreshness(
        as_of=feed.as_of,
        failing_since=feed.failing_since,
        error=feed.error,
        next_poll_at=state.next_poll_at,
    )


def pick_stalest(candidates: list[FeedFreshness]) -> FeedFreshness:
    """Failing before working, unread before read, older before newer."""
    if not candidates:
        return FeedFreshness(error=NO_KEY_TO_POLL)
    return min(
        candidates, key=lambda one: (not one.failing_since, one.as_of is not None, str(one.as_of))
    )


def compute_page_version(workspace: Workspace, feed: FeedFreshness) -> str:
    """Changes whenever a live page would: with the snapshot, and with how polling goes."""
    shown = (feed.state(now=timezone.now()), feed.as_of is None, feed.failing_since, feed.error)
    return f"{workspace.version}.{zlib.crc32(repr(shown).encode()):x}"
