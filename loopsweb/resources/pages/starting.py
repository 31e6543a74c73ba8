"""What was just created from here: no answer of a list has it yet."""

from __future__ import annotations

from collections.abc import Collection

from loopsweb.accounts.models import Workspace
from loopsweb.audit.models import Event, Outcome
from loopsweb.resources.nouns import Noun
from loopsweb.resources.pages.freshness import FeedFreshness
from loopsweb.resources.snapshot.models import Snapshot


def mark_starting(
    rows: Collection[Snapshot], noun: Noun, *, workspace: Workspace, feed: FeedFreshness
) -> None:
    """Set `starting` of such rows: the audit event of their creation. Asks only where a row is
    newer than the last answer."""
    newer = {
        row.remote_id: row for row in rows if feed.as_of is None or row.first_seen_at > feed.as_of
    }
    if not newer:
        return
    created = Event.objects.filter(
        workspace=workspace.slug,
        target_noun=noun.singular,
        target_id__in=list(newer),
        action=f"{noun.singular}.create",
        outcome=Outcome.SUCCEEDED,
    )
    for event in created:
        newer[event.target_id].starting = event
