"""How old what we show is, and why it is no newer: one query for a whole page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from loopsweb.accounts.models import Workspace
from loopsweb.resources.snapshot.feeds import Feed
from loopsweb.resources.snapshot.poll_state import PollState, by_organisation, polling

NOUNS = ("runs", "samplers", "deployments", "checkpoints")
NO_KEY = "This workspace has no API key yet, so nothing is read. Add a key."
NO_SCOPE = (
    "No key of this workspace may list deployments: that takes the scope "
    "manage_org_training_projects."
)


@dataclass(frozen=True)
class FeedFreshness:
    """as_of: of the oldest answer shown, None when nothing has been read yet.
    failing_since: the first failure after it, None when the last try succeeded.
    error: why it fails or will not be asked, in plain words."""

    as_of: datetime | None = None
    failing_since: datetime | None = None
    error: str = ""
    next_poll_at: datetime | None = None


@dataclass(frozen=True)
class Freshness:
    nouns: dict[str, FeedFreshness]

    def of(self, noun: str) -> FeedFreshness:
        """Of "runs", "samplers", "deployments" or "checkpoints"; sessions are as old as runs."""
        return self.nouns["runs" if noun == "sessions" else noun]

    @property
    def overall(self) -> FeedFreshness:
        return worst([one for one in self.nouns.values() if one.error != NO_SCOPE])


def freshness(workspace: Workspace) -> Freshness:
    states = list(PollState.objects.filter(key__workspace=workspace).select_related("key"))
    if not states:
        return Freshness(dict.fromkeys(NOUNS, FeedFreshness(error=NO_KEY)))
    groups = by_organisation(states)
    return Freshness({noun: worst([of_group(noun, group) for group in groups]) for noun in NOUNS})


def of_group(noun: str, states: list[PollState]) -> FeedFreshness:
    """One organisation's keys: any that sees all of it speaks for all, else the oldest counts."""
    asking = polling(states)
    wide = [state for state in states if state.key.sees_organisation]
    if noun == "deployments" and not any(state.key.can_manage for state in asking):
        return FeedFreshness(error=NO_SCOPE)
    found = worst([of_key(noun, state) for state in asking])
    times = [time for state in wide if (time := Feed.of(state, noun).as_of)]
    if not (wide and times):
        return found
    return FeedFreshness(
        as_of=max(times),
        failing_since=found.failing_since,
        error=found.error,
        next_poll_at=found.next_poll_at,
    )


def of_key(noun: str, state: PollState) -> FeedFreshness:
    feed, key = Feed.of(state, noun), state.key
    if not key.is_healthy:
        why = f"Polling with the key {key} has stopped: {key.state_reason}"
        return FeedFreshness(as_of=feed.as_of, failing_since=key.state_since, error=why)
    return FeedFreshness(
        as_of=feed.as_of,
        failing_since=feed.failing_since,
        error=feed.error,
        next_poll_at=state.next_poll_at,
    )


def worst(all_: list[FeedFreshness]) -> FeedFreshness:
    """Failing before working, unread before read, older before newer."""
    if not all_:
        return FeedFreshness(error=NO_KEY)
    return min(all_, key=lambda one: (not one.failing_since, one.as_of is not None, str(one.as_of)))
