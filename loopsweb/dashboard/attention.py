"""Finds the items that need attention now. A resource that is merely missing is not called
stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.urls import reverse

from loopsweb.accounts.models import Workspace
from loopsweb.keys.models import Key, KeyState
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.protections import LiftRequest, find_open_lift_requests
from loopsweb.resources.deactivations.states import State
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.statuses import DEPLOYMENT
from loopsweb.resources.history.durations import find_long
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.samplers.statuses import SAMPLER
from loopsweb.resources.snapshot.models import REPORTED
from loopsweb.ui.statuses import Tone
from loopsweb.ui.templatetags.ui import span

RECENT = timedelta(hours=24)
BREAK_GLASS_RECENT = timedelta(days=7)
SYNC_IS_SLOW = timedelta(minutes=30)
LIMIT, BREAK_GLASS_LIMIT, SHOWN = 50, 50, 5
FAILED_STATUSES = ("FAILED", "PREEMPTED")
FAILING_SAMPLER_STATUSES = ("UNHEALTHY", "FAILED", "DEPLOY_FAILED", "BUILD_FAILED")


@dataclass(frozen=True)
class AttentionItem:
    """since: when it was first seen in this state. needs_decision: a person has to approve it.
    kind: what several of them are called together, "" for what stands alone. advice: what to do.
    remote_id: "" for what no snooze may hide. noun: set where a change of its status ends a snooze;
    elsewhere `since` does, when it is later."""

    tone: Tone
    text: str
    name: str
    url: str
    since: datetime | None
    needs_decision: bool = False
    kind: str = ""
    advice: str = ""
    remote_id: str = ""
    noun: str = ""

    @property
    def thing(self) -> str:
        """What a snooze hides: this, in this state."""
        return f"{self.kind} {self.remote_id}".strip() if self.remote_id else ""


@dataclass(frozen=True)
class AttentionGroup:
    """Items of one kind. is_whole: False if there may be more."""

    items: list[AttentionItem]
    is_whole: bool = True

    @property
    def first(self) -> AttentionItem:
        return self.items[0]

    @property
    def may_be_snoozed(self) -> bool:
        return bool(self.first.thing)

    @property
    def shown(self) -> list[AttentionItem]:
        return self.items[:SHOWN]

    @property
    def hidden(self) -> int:
        return len(self.items) - len(self.shown)


def group_items(items: list[AttentionItem]) -> list[AttentionGroup]:
    """In the order of the first of each kind."""
    groups: dict[object, list[AttentionItem]] = {}
    for number, item in enumerate(items):
        groups.setdefault(item.kind or number, []).append(item)
    return [AttentionGroup(some, len(some) < LIMIT) for some in groups.values()]


def find_attention_items(
    workspace: Workspace, *, now: datetime, limit: int = LIMIT
) -> list[AttentionItem]:
    """Decisions first, then what is bad, then warnings. limit: of each kind."""
    items = [
        *find_unhealthy_keys(workspace, limit=limit),
        *find_deactivations(workspace, now=now),
        *find_ended_waits(workspace, now=now, limit=limit),
        *find_lifted_protections(workspace, now=now),
        *find_ended_deployments(workspace, now=now, limit=limit),
        *find_stuck(workspace, now=now, limit=limit),
        *find_failing_samplers(workspace, now=now, limit=limit),
        *find_slow_checkpoints(workspace, now=now, limit=limit),
    ]
    return sorted(items, key=lambda item: (not item.needs_decision, item.tone != "bad"))


def find_unhealthy_keys(workspace: Workspace, *, limit: int) -> Iterator[AttentionItem]:
    keys = Key.objects.in_workspace(workspace).exclude(state=KeyState.HEALTHY)
    for key in keys.select_related("owner")[:limit]:
        text = f"API key of {key.owner.email}: {key.get_state_display().lower()}."
        text = f"{text} {key.state_reason}"
        one = f"key {key.uid} {key.state}"
        yield AttentionItem("bad", text, str(key), "", key.state_since, remote_id=one)


def find_deactivations(workspace: Workspace, *, now: datetime) -> Iterator[AttentionItem]:
    """Requests that wait for approval, and recent deactivations that bypassed it."""
    rows = Deactivation.objects.filter(workspace=workspace).order_by("-requested_at", "-pk")
    bypassed = rows.filter(broke_glass=True, requested_at__gte=now - BREAK_GLASS_RECENT)
    for row in [*rows.filter(state=State.WAITING)[:LIMIT], *bypassed[:BREAK_GLASS_LIMIT]]:
        url = reverse("deactivations:detail", args=[workspace.slug, row.incident])
        name = row.target_remote_id
        if row.broke_glass:
            text = f"{row.person} used break-glass to deactivate a {row.noun} without approval."
            yield AttentionItem("bad", text, name, url, row.requested_at)
        else:
            text = f"{row.person} requested to deactivate a {row.noun}. It is waiting for approval."
            yield AttentionItem("warn", text, name, url, row.requested_at, needs_decision=True)


def find_ended_waits(workspace: Workspace, *, now: datetime, limit: int) -> Iterator[AttentionItem]:
    """Requests that waited for checkpoints in vain, so that nothing was stopped."""
    rows = Deactivation.objects.filter(
        workspace=workspace,
        sync_until__isnull=False,
        state__in=(State.EXPIRED, State.WITHDRAWN),
        state_since__gte=now - RECENT,
    ).exclude(answer={})  # withdrawn by a person
    for row in rows.order_by("-state_since", "-pk")[:limit]:
        why = (row.answer or {}).get("error", "")
        text = f"A {row.noun} was to be deactivated once its checkpoints had synced. {why}"
        url = reverse("deactivations:detail", args=[workspace.slug, row.incident])
        name = row.target_remote_id
        text, one = f"{text} Nothing was stopped.", f"wait {row.incident}"
        yield AttentionItem("warn", text, name, url, row.state_since, remote_id=one)


def find_lifted_protections(workspace: Workspace, *, now: datetime) -> Iterator[AttentionItem]:
    """Requests to lift one, and those that one admin lifted alone recently."""
    order = ("-requested_at", "-pk")
    waiting = find_open_lift_requests(workspace, now=now).order_by(*order)
    alone = LiftRequest.objects.filter(
        workspace=workspace, broke_glass=True, requested_at__gte=now - BREAK_GLASS_RECENT
    )
    for row in [*waiting[:LIMIT], *alone.order_by(*order)[:BREAK_GLASS_LIMIT]]:
        if row.broke_glass:
            url = reverse(f"{row.noun}s:detail", args=[workspace.slug, row.remote_id])
            text = f"{row.person} used break-glass to lift the protection of a {row.noun}."
            yield AttentionItem("bad", text, row.remote_id, url, row.requested_at)
        else:
            asks = f"{row.person} asks to lift the protection of a {row.noun}."
            text = f"{asks} Another admin has to agree."
            url = reverse(
                "deactivations:protection", args=[workspace.slug, f"{row.noun}s", row.remote_id]
            )
            yield AttentionItem(
                "warn", text, row.remote_id, url, row.requested_at, needs_decision=True
            )


def find_ended_deployments(
    workspace: Workspace, *, now: datetime, limit: int
) -> Iterator[AttentionItem]:
    """Those that failed recently, and those missing from the API without a final status."""
    rows = Deployment.objects.in_workspace(workspace)
    failed = Q(status__in=FAILED_STATUSES, changed_at__gte=now - RECENT)
    missing = Q(missing_since__isnull=False) & ~Q(status__in=DEPLOYMENT.terminal)
    for row in rows.filter(failed | missing).order_by("-changed_at", "-pk")[:limit]:
        url = reverse("deployments:detail", args=[workspace.slug, row.remote_id])
        if row.is_terminal:
            tone: Tone = "bad" if row.status == "FAILED" else "warn"
            text = f"Deployment {row.status}. {DEPLOYMENT.get(row.status).meaning}"
            kind, advice = f"deployments {row.status}", DEPLOYMENT.get(row.status).advice
            yield AttentionItem(
                tone, text, row.remote_id, url, row.changed_at,
                kind=kind, advice=advice, remote_id=row.remote_id, noun=row.noun,
            )  # fmt: skip
        else:
            text = "Deployment no longer listed by the API. It may have ended or be out of reach."
            kind = "deployments no longer listed by the API"
            one = row.remote_id
            yield AttentionItem("warn", text, one, url, row.missing_since, kind=kind, remote_id=one)


def find_stuck(workspace: Workspace, *, now: datetime, limit: int) -> Iterator[AttentionItem]:
    """What has been on its way longer than nearly all earlier ones of its model."""
    models: tuple[type[Deployment | Sampler], ...] = (Deployment, Sampler)
    for model in models:
        listed = model.objects.in_workspace(workspace).reported()
        passing = listed.filter(status__in=model.vocabulary.passing).order_by("changed_at", "pk")
        for row, one in find_long(passing[:limit], now=now):
            url = reverse(f"{row.noun}s:detail", args=[workspace.slug, row.remote_id])
            text = f"{row.noun.capitalize()} {row.status} for {span(one.length)}. {one.comparison}"
            yield AttentionItem(
                "warn", text, row.remote_id, url, now - one.length,
                kind=f"{row.noun}s {row.status}", remote_id=row.remote_id, noun=row.noun,
            )  # fmt: skip


def find_failing_samplers(
    workspace: Workspace, *, now: datetime, limit: int
) -> Iterator[AttentionItem]:
    """A sampler that ended stays failed; that one is unhealthy only its last answer tells."""
    rows = Sampler.objects.in_workspace(workspace).filter(
        REPORTED | Q(status__in=SAMPLER.terminal),
        status__in=FAILING_SAMPLER_STATUSES,
        changed_at__gte=now - RECENT,
    )
    for row in rows.order_by("-changed_at", "-pk")[:limit]:
        url = reverse("samplers:detail", args=[workspace.slug, row.remote_id])
        tone: Tone = "warn" if row.status == "UNHEALTHY" else "bad"
        text = f"Sampler {row.status}. {SAMPLER.get(row.status).meaning}"
        kind, advice = f"samplers {row.status}", SAMPLER.get(row.status).advice
        yield AttentionItem(
            tone, text, row.remote_id, url, row.changed_at,
            kind=kind, advice=advice, remote_id=row.remote_id, noun=row.noun,
        )  # fmt: skip


def find_slow_checkpoints(
    workspace: Workspace, *, now: datetime, limit: int
) -> Iterator[AttentionItem]:
    rows = Checkpoint.objects.in_workspace(workspace).filter(
        sync_status="SYNCING", created_at__lt=now - SYNC_IS_SLOW
    )
    for row in rows.order_by("created_at", "pk")[:limit]:
        url = reverse("checkpoints:detail", args=[workspace.slug, row.remote_id])
        text = "Checkpoint still syncing. It is not safe until its status is COMPLETE."
        kind = "checkpoints still syncing"
        if not row.is_reported:
            kind = "checkpoints that were still syncing and are not in the last answer"
            text = "Checkpoint was still syncing and is not in the last answer. It may be lost."
        name = row.uri or row.remote_id
        yield AttentionItem(
            "warn", text, name, url, row.created_at,
            kind=kind, remote_id=row.remote_id, noun=row.noun,
        )  # fmt: skip
