"""Tells what needs attention now from what is snoozed."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max

from loopsweb.accounts.models import Workspace
from loopsweb.dashboard.attention import LIMIT, AttentionItem, find_attention_items
from loopsweb.resources.snapshot.status_changes import StatusChange
from loopsweb.resources.snoozes import Snooze, find_snoozes


@dataclass(frozen=True)
class Attention:
    """items: what needs it. snoozed: what would, by the snooze that hides it."""

    items: list[AttentionItem]
    snoozed: dict[Snooze, list[AttentionItem]]

    @property
    def number_snoozed(self) -> int:
        return sum(map(len, self.snoozed.values()))


def find_attention(workspace: Workspace, *, now: datetime) -> Attention:
    """A snooze hides only what has not changed since: its last status is the one it had then."""
    snoozes = list(find_snoozes(workspace, now=now))
    by_thing = {thing: one for one in snoozes for thing in one.things}
    limit = LIMIT + len(by_thing)  # so that what is snoozed takes no one's place
    items = find_attention_items(workspace, now=now, limit=limit)
    changes = find_last_changes(workspace, [one for one in items if one.thing in by_thing])
    open_items, snoozed = [], defaultdict(list)
    for item in items:
        snooze = by_thing.get(item.thing)
        since = changes.get((item.noun, item.remote_id)) if item.noun else item.since
        if snooze is None or (since and since > snooze.since):
            open_items.append(item)
        else:
            snoozed[snooze].append(item)
    return Attention(open_items, dict(snoozed))


def find_last_changes(
    workspace: Workspace, items: list[AttentionItem]
) -> dict[tuple[str, str], datetime]:
    """When a change of status was last seen, by noun and id."""
    changes = StatusChange.objects.filter(
        workspace=workspace,
        noun__in={one.noun for one in items if one.noun},
        remote_id__in=[one.remote_id for one in items if one.noun],
    )
    rows = changes.order_by().values_list("noun", "remote_id").annotate(Max("first_seen_new_at"))
    return {(noun, remote_id): at for noun, remote_id, at in rows}
