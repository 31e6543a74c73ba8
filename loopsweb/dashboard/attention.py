"""What a person should look at now, worst first. Nothing is called stopped that was not seen so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key, KeyState
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.models import Deactivation, State
from loopsweb.resources.deployments.models import TERMINAL, Deployment
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.samplers.statuses import SAMPLER
from loopsweb.ui.statuses import Tone

RECENT = timedelta(hours=24)
GLASS_STAYS_BROKEN = timedelta(days=7)
SYNCING_FOR_LONG = timedelta(minutes=30)
MOST, MOST_GLASS = 5, 50
ENDED_BADLY = ("FAILED", "PREEMPTED")
SAMPLER_TROUBLE = ("UNHEALTHY", "FAILED", "DEPLOY_FAILED", "BUILD_FAILED")


@dataclass(frozen=True)
class Item:
    """What is the matter with what. since: when it was first seen so. waits_for_somebody: it comes
    first, since somebody has to decide."""

    tone: Tone
    what: str
    name: str
    url: str
    since: datetime | None
    waits_for_somebody: bool = False


def items(workspace: Workspace, *, now: datetime) -> list[Item]:
    found = [
        *keys(workspace),
        *deactivations(workspace, now=now),
        *deployments(workspace, now=now),
        *samplers(workspace, now=now),
        *checkpoints(workspace, now=now),
    ]
    return sorted(found, key=lambda item: (not item.waits_for_somebody, item.tone != "bad"))


def keys(workspace: Workspace) -> Iterator[Item]:
    troubled = Key.objects.in_workspace(workspace).exclude(state=KeyState.HEALTHY)
    for key in troubled.select_related("owner")[:MOST]:
        what = f"API key of {key.owner.email}: {key.get_state_display().lower()}."
        yield Item("bad", f"{what} {key.state_reason}", str(key), "", key.state_since)


def deactivations(workspace: Workspace, *, now: datetime) -> Iterator[Item]:
    """What waits for a second person, and loudly what was done without one."""
    rows = Deactivation.objects.filter(workspace=workspace).order_by("-requested_at", "-pk")
    loud = rows.filter(broke_glass=True, requested_at__gte=now - GLASS_STAYS_BROKEN)
    for row in [*rows.filter(state=State.WAITING)[:MOST], *loud[:MOST_GLASS]]:
        url = reverse("deactivations:detail", args=[workspace.slug, row.incident])
        name = row.target_remote_id
        if row.broke_glass:
            what = f"{row.person} broke the glass: ended a {row.noun} without a second person."
            yield Item("bad", what, name, url, row.requested_at)
        else:
            what = f"{row.person} asks to end a {row.noun}: it waits for a second person to decide."
            yield Item("warn", what, name, url, row.requested_at, waits_for_somebody=True)


def deployments(workspace: Workspace, *, now: datetime) -> Iterator[Item]:
    rows = Deployment.objects.in_workspace(workspace)
    ended = Q(status__in=ENDED_BADLY, changed_at__gte=now - RECENT)
    vanished = Q(missing_since__isnull=False) & ~Q(status__in=TERMINAL)
    for row in rows.filter(ended | vanished).order_by("-changed_at", "-pk")[: MOST * 2]:
        url = reverse("deployments:detail", args=[workspace.slug, row.remote_id])
        if row.is_terminal:
            tone: Tone = "bad" if row.status == "FAILED" else "warn"
            what = f"Deployment {row.status}. {DEPLOYMENT.of(row.status).meaning}"
            yield Item(tone, what, row.remote_id, url, row.changed_at)
        else:
            what = "Deployment not in the API's answers. It may have ended, or gone out of sight."
            yield Item("warn", what, row.remote_id, url, row.missing_since)


def samplers(workspace: Workspace, *, now: datetime) -> Iterator[Item]:
    rows = Sampler.objects.in_workspace(workspace).filter(
        status__in=SAMPLER_TROUBLE, changed_at__gte=now - RECENT
    )
    for row in rows.order_by("-changed_at", "-pk")[:MOST]:
        url = reverse("samplers:detail", args=[workspace.slug, row.remote_id])
        tone: Tone = "warn" if row.status == "UNHEALTHY" else "bad"
        what = f"Sampler {row.status}. {SAMPLER.of(row.status).meaning}"
        yield Item(tone, what, row.remote_id, url, row.changed_at)


def checkpoints(workspace: Workspace, *, now: datetime) -> Iterator[Item]:
    rows = Checkpoint.objects.in_workspace(workspace).filter(
        sync_status="SYNCING", created_at__lt=now - SYNCING_FOR_LONG
    )
    for row in rows.order_by("created_at", "pk")[:MOST]:
        url = reverse("checkpoints:detail", args=[workspace.slug, row.remote_id])
        what = "Checkpoint still syncing. It is not safe until it says COMPLETE."
        yield Item("warn", what, row.uri or row.remote_id, url, row.created_at)
