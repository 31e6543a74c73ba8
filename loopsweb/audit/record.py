"""Writes audit events. Nothing else may create one."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, TypedDict, Unpack

from django.http import HttpRequest

from loopsweb.audit.append import append_to_chain
from loopsweb.audit.models import Chain, Event, Outcome


class Actor(TypedDict):
    """The person who acts, their role and address, and the workspace: see `record_event`."""

    workspace: str
    person: str
    role: str
    address: str
    request_id: str


def actor_of_request(request: HttpRequest, *, workspace: str = "", role: str = "") -> Actor:
    """`workspace` and `role` are needed where `require` did not set them on the request."""
    current = getattr(request, "workspace", None)
    return Actor(
        workspace=workspace or (current.slug if current else ""),
        person=getattr(request.user, "email", ""),
        role=role or getattr(request, "role", ""),
        address=request.META.get("REMOTE_ADDR", ""),
        request_id=getattr(request, "request_id", ""),
    )


def system_actor(workspace: str) -> Actor:
    """loopsweb itself, without a person."""
    return Actor(workspace=workspace, person="", role="", address="", request_id="")


class Target(TypedDict, total=False):
    target_noun: str
    target_id: str
    target_name: str
    target_owner: str


class Details(TypedDict, total=False):
    reason: str
    answer: Any


class EventFields(Target, Details, total=False):
    """The fields that an event may lack."""

    person: str
    role: str
    address: str
    request_id: str
    key_label: str
    key_fingerprint: str


def record_event(
    *,
    workspace: str,
    action: str,
    outcome: str,
    now: datetime,
    incident: uuid.UUID | None = None,
    **fields: Unpack[EventFields],
) -> Event:
    """Write one event in the caller's transaction, together with the change it describes.

    answer: JSON from the API or about the change, never a key or a presigned URL. Emails in it are
    replaced, because they could not be erased. Without `incident` the event starts a new one.
    """
    event = build_event(
        workspace=workspace, action=action, outcome=outcome, now=now, incident=incident, **fields
    )
    append_to_chain([event])
    return event


def build_event(
    *,
    workspace: str,
    action: str,
    outcome: str,
    now: datetime,
    incident: uuid.UUID | None = None,
    **fields: Unpack[EventFields],
) -> Event:
    """An event for `append_to_chain`, as `record_event` describes it."""
    event = Event(at=now, workspace=workspace, action=action, outcome=outcome, **fields)
    event.incident = incident or event.incident
    return event


def has_trail(workspace: str) -> bool:
    """True if there are events under this name, even if the workspace was deleted."""
    return Chain.objects.filter(workspace=workspace).exists()


def find_request_id(incident: uuid.UUID) -> str:
    """Of the browser's or script's request that started the incident; "" if it is not known."""
    started = Event.objects.filter(incident=incident, outcome=Outcome.REQUESTED)
    return started.values_list("request_id", flat=True).first() or ""


def record_follow_up(
    incident: uuid.UUID,
    *,
    outcome: str,
    answer: Any,
    now: datetime,
    target_id: str = "",
    by: Actor | None = None,
    reason: str = "",
    key: tuple[str, str] | None = None,
) -> Event:
    """Write the next event of an incident, with the other fields of its *requested* event.

    target_id: the id of what was created. by, reason: who took this step and why, when it was
    another person. key: label and fingerprint of the API key that was used. Raises
    Event.DoesNotExist.
    """
    event = Event.objects.get(incident=incident, outcome=Outcome.REQUESTED)
    event.pk = None
    event._state.adding = True
    event.at, event.outcome, event.answer = now, outcome, answer
    event.target_id = target_id or event.target_id
    if key:
        event.key_label, event.key_fingerprint = key
    if by:
        for field, value in by.items():
            setattr(event, field, value)
        event.reason = reason
    append_to_chain([event])
    return event
