"""The only way an audit event comes to be."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime
from typing import Any, TypedDict

from django.db import models, transaction
from django.http import HttpRequest

from loopsweb.audit.chain.anonymize import nameless
from loopsweb.audit.chain.format import PERSONAL, commitment, link, storable, text
from loopsweb.audit.models import Chain, Event, Outcome


class Actor(TypedDict):
    """Who asks, from where, in which workspace: the first arguments of `record`."""

    workspace: str
    person: str
    role: str
    address: str
    request_id: str


def actor(request: HttpRequest, *, workspace: str = "", role: str = "") -> Actor:
    """The actor of a request that passed `require`; elsewhere name workspace and role."""
    here = getattr(request, "workspace", None)
    return Actor(
        workspace=workspace or (here.slug if here else ""),
        person=getattr(request.user, "email", ""),
        role=role or getattr(request, "role", ""),
        address=request.META.get("REMOTE_ADDR", ""),
        request_id=getattr(request, "request_id", ""),
    )


def nobody(workspace: str) -> Actor:
    """loopsweb itself, which no person asked."""
    return Actor(workspace=workspace, person="", role="", address="", request_id="")


def record(
    *,
    workspace: str,
    action: str,
    outcome: str,
    now: datetime,
    person: str = "",
    role: str = "",
    address: str = "",
    request_id: str = "",
    key_label: str = "",
    key_fingerprint: str = "",
    target_noun: str = "",
    target_id: str = "",
    target_name: str = "",
    target_owner: str = "",
    reason: str = "",
    answer: Any = None,
    incident: uuid.UUID | None = None,
) -> Event:
    """Write one event in the caller's transaction; what it speaks of commits with it or not at all.

    `answer` is JSON: what the API said, never a key or a presigned URL; an email in it is blanked,
    since it could not be erased. Without `incident` the event opens one of its own.
    """
    return add_link(
        Event(
            at=now,
            workspace=workspace,
            action=action,
            outcome=outcome,
            person=person,
            role=role,
            address=address,
            request_id=request_id,
            key_label=key_label,
            key_fingerprint=key_fingerprint,
            target_noun=target_noun,
            target_id=target_id,
            target_name=target_name,
            target_owner=target_owner,
            reason=reason,
            answer=answer,
            incident=incident or uuid.uuid4(),
        )
    )


def has_trail(workspace: str) -> bool:
    """Whether events stand under this name, also of a workspace that is gone."""
    return Chain.objects.filter(workspace=workspace).exists()


def follow_up(
    incident: uuid.UUID,
    *,
    outcome: str,
    answer: Any,
    now: datetime,
    target_id: str = "",
    by: Actor | None = None,
    note: str = "",
    key: tuple[str, str] | None = None,
) -> Event:
    """The next event of what was *requested* as `incident`: who, what and why stay as they were.

    `target_id` is what a creation's first event could not know; `by` is who took this step, where
    that is somebody else, and `note` why they did. `key` is the label and the fingerprint of the
    API key that was used in the end.
    """
    event = Event.objects.get(incident=incident, outcome=Outcome.REQUESTED)
    event.pk = None
    event._state.adding = True
    event.at, event.outcome, event.answer = now, outcome, answer
    event.target_id = target_id or event.target_id
    if key:
        event.key_label, event.key_fingerprint = key
    if by:
        event.person, event.role = by["person"], by["role"]
        event.address, event.request_id = by["address"], by["request_id"]
        event.reason = note
    return add_link(event)


@transaction.atomic
def add_link(event: Event) -> Event:
    """Put the event at the end of its workspace's chain, whose head is held until the commit.

    Record last in a transaction: the next writer waits from here on.
    """
    for field in Event._meta.concrete_fields:
        if isinstance(field, models.CharField | models.TextField):
            value = getattr(event, field.attname)
            if isinstance(value, str):
                setattr(event, field.attname, text(value)[: field.max_length])
    event.answer = nameless(storable(event.answer))
    event.key_label, event.target_name = nameless(event.key_label), nameless(event.target_name)
    salts = {name: secrets.token_hex(16) for name in PERSONAL}
    for name, salt in salts.items():
        setattr(event, f"{name}_salt", salt)
    event.commitments = {n: commitment(getattr(event, n), salt) for n, salt in salts.items()}
    Chain.objects.get_or_create(workspace=event.workspace)
    head = Chain.objects.select_for_update().get(workspace=event.workspace)
    event.sequence, event.previous = head.sequence + 1, head.digest
    event.digest = link(event.previous, event.body())
    event.save(force_insert=True)
    head.sequence, head.digest = event.sequence, event.digest
    head.save(update_fields=["sequence", "digest"])
    return event
