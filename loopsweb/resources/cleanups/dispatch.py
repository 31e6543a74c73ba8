"""Sends what a clean-up requested, one checkpoint at a time, and asks what became of lost answers.

Each is sent once. A process that dies leaves what is due, which is sent, or what was sent, which is
asked about.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, QuerySet, When

from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.models import Event, Outcome
from loopsweb.audit.record import system_actor
from loopsweb.keys.clients import KeyClient, KeyUnusable, NoKey, build_client, find_client
from loopsweb.keys.models import Key
from loopsweb.loops_api import errors, types
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.checkpoints.sync import store_checkpoint
from loopsweb.resources.cleanups.models import Removal, State
from loopsweb.resources.cleanups.plan import GOES, KEPT, judge
from loopsweb.resources.cleanups.transitions import move_to
from loopsweb.resources.deactivations.dispatch import NotReady, check_member
from loopsweb.resources.snapshot.poll_context import PollContext
from loopsweb.resources.snapshot.store import lock_workspace

log = logging.getLogger(__name__)


class NoAnswer(Exception):
    """It cannot be told whether the checkpoint is gone."""


MAX_FOUND = 20  # at a time
CLAIM = timedelta(seconds=30)  # for which a removal belongs to one process
MAX_DELAY = timedelta(days=1)  # until it is sent
SEND_WINDOW = timedelta(seconds=15)  # later, the call would overlap with asking for its outcome
ANSWER_DUE = timedelta(seconds=60)
EFFECT_DUE = timedelta(minutes=2)  # what is as before by then, was not done
GIVE_UP = timedelta(days=1)
ASK_AGAIN = timedelta(seconds=30)
PAUSE = timedelta(hours=1)  # a question that is later than this follows one in which nobody asked
AFTER_PAUSE = timedelta(minutes=5)  # until the next question
CLOCKS_APART = timedelta(minutes=5)


def find_due(*, now: datetime) -> QuerySet[Removal]:
    """Those to send now. None while the site is read-only."""
    due = Removal.objects.filter(state=State.DUE, ask_at__lte=now).order_by("ask_at", "pk")
    return due.none() if settings.LOOPSWEB_READ_ONLY else due[:MAX_FOUND]


def find_sent(*, now: datetime) -> QuerySet[Removal]:
    """Those to ask about now."""
    sent = Removal.objects.filter(state__in=[State.SENT, State.UNKNOWN], ask_at__lte=now)
    return sent.order_by("ask_at", "pk")[:MAX_FOUND]


def claim(removal: Removal, *, now: datetime) -> bool:
    """False when another process has it."""
    rows = Removal.objects.filter(pk=removal.pk, state=removal.state, ask_at=removal.ask_at)
    return bool(rows.update(ask_at=now + CLAIM))


def work_on(removal_id: int, *, clock: Callable[[], datetime], due_at: datetime | None) -> None:
    """Send it, or ask what became of it. due_at: its `ask_at` before it was claimed."""
    removal = Removal.objects.select_related("cleanup", "workspace__team").get(pk=removal_id)
    if removal.state == State.DUE:
        dispatch(removal, clock=clock)
    elif removal.state in (State.SENT, State.UNKNOWN):
        find_outcome(removal, due_at=due_at, now=clock())


def dispatch(removal: Removal, *, clock: Callable[[], datetime]) -> None:
    now = clock()
    try:
        acting = mark_as_sent(removal, now=now)
    except NotReady as error:
        system = system_actor(removal.workspace.slug)
        move_to(removal, State.WITHDRAWN, answer={"error": str(error)}, by=system, now=now)
        return
    if acting is None:
        return
    if clock() - now > SEND_WINDOW:
        answer = {"error": "The send window expired. Nothing was sent."}
        move_to(removal, State.REFUSED, answer=answer, now=clock())
        return
    send(removal, acting, clock=clock)


@transaction.atomic
def mark_as_sent(removal: Removal, *, now: datetime) -> KeyClient | None:
    """Check everything again; None where another process sent it. Raises NotReady."""
    lock_workspace(removal.workspace)
    acting = check_ready(removal, now=now)
    is_taken = move_to(removal, State.SENT, now=now, sent_at=now, ask_at=now + ANSWER_DUE)
    return acting if is_taken else None


def check_ready(removal: Removal, *, now: datetime) -> KeyClient:
    """The rules of the request must still let it go. Raises NotReady."""
    cleanup, workspace = removal.cleanup, removal.workspace
    if now - cleanup.requested_at > MAX_DELAY:
        raise NotReady("It could not be sent within a day.")
    check_trail(removal)
    person = check_member(
        workspace, cleanup.person, "The requester", permission=Permission.DELETE_CHECKPOINTS
    )
    judged = judge(workspace, cleanup.load_rules(), now=now, run_id=removal.run_remote_id)
    verdict = judged.filter(remote_id=removal.remote_id).values_list("verdict", flat=True).first()
    if verdict is None:
        raise NotReady("The rules of the request no longer concern it.")
    if verdict != GOES:
        raise NotReady(f"It is kept now. {KEPT[verdict]}.")
    try:
        return find_client(workspace=workspace, person=person, method=cleanup.method)
    except NoKey as error:
        raise NotReady(str(error)) from error


def check_trail(removal: Removal) -> None:
    """It must have been requested as it is here, by this person. Raises NotReady."""
    cleanup = removal.cleanup
    requested = Event.objects.filter(
        workspace=removal.workspace.slug,
        incident=removal.incident,
        target_id=removal.remote_id,
        outcome=Outcome.REQUESTED,
        action=cleanup.action,
        person=cleanup.person,
    ).first()
    asked = (requested and requested.answer) or {}
    if any(asked.get(name) != value for name, value in cleanup.describe().items()):
        raise NotReady("The audit trail does not have this request.")


def send(removal: Removal, acting: KeyClient, *, clock: Callable[[], datetime]) -> None:
    """The one call."""
    cleanup, changed = removal.cleanup, None
    answer: dict[str, Any]
    try:
        if cleanup.is_deletion:
            deleted = acting.client.delete_checkpoint(removal.remote_id)
            answer, is_it = {"id": deleted.id}, deleted.id == removal.remote_id
        else:
            changed = acting.client.set_checkpoint_ttl(removal.remote_id, cleanup.ttl_seconds)
            answer = {"id": changed.id, "expires_at": changed.raw.get("expires_at")}
            is_it = changed.id == removal.remote_id
    except errors.LoopsError as error:
        state = State.UNKNOWN if error.may_have_been_received else State.REFUSED
        answer = {"error": error.message, "said": error.plain}
    else:
        state = State.DONE if is_it else State.UNKNOWN
    now = clock()
    ask_at = now + ASK_AGAIN if state == State.UNKNOWN else None
    move_to(removal, state, answer=answer, now=now, key=acting.key, ask_at=ask_at)
    if changed and state == State.DONE:
        store_checkpoint(changed, poll=PollContext.for_key(acting.key, now=now))


def find_outcome(removal: Removal, *, due_at: datetime | None, now: datetime) -> None:
    """Ask the API for the checkpoints of its run. Nothing is sent again."""
    if removal.state == State.SENT:
        answer = {"error": "loopsweb stopped before the API answered."}
        move_to(removal, State.UNKNOWN, answer=answer, now=now, ask_at=now + ASK_AGAIN)
    try:
        key = choose_key(removal)
        found = ask_api(removal, key)
    except (NoKey, NoAnswer, KeyUnusable, errors.LoopsError) as error:
        log.warning("asking about %s failed: %s", removal, error)
        ask_later(removal, due_at=due_at, now=now)
        return
    sent_at = removal.sent_at or removal.cleanup.requested_at
    if is_done(removal, found, sent_at=sent_at):
        seen: dict[str, Any] = {"gone": found is None}
        if found:
            seen["expires_at"] = found.raw.get("expires_at")
        move_to(removal, State.DONE, answer=seen, now=now)
        if found:
            store_checkpoint(found, poll=PollContext.for_key(key, now=now))
    elif found is None:
        answer = {"error": "The API no longer has it. Whether its expiry was set is not known."}
        move_to(removal, State.LOST, answer=answer, now=now)
    elif now - sent_at > EFFECT_DUE:
        answer = {"error": "The API still has it as it was, so the request had no effect."}
        move_to(removal, State.REFUSED, answer=answer, now=now)
    else:
        ask_later(removal, due_at=due_at, now=now)


def ask_api(removal: Removal, key: Key) -> types.Checkpoint | None:
    """The checkpoint as the API has it, None where it is gone. Raises NoAnswer."""
    listed = build_client(key).list_checkpoints(run_id=removal.run_remote_id)
    found = next((one for one in listed if one.id == removal.remote_id), None)
    if found is None and listed.skipped:
        raise NoAnswer("The API's answer could not be read in full.")
    return found


def choose_key(removal: Removal) -> Key:
    """The key that saw it last, else the one that sees most. Raises NoKey."""
    row = Checkpoint.objects.in_workspace(removal.workspace).filter(remote_id=removal.remote_id)
    keys = Key.objects.in_workspace(removal.workspace).usable()
    saw_it = Case(When(pk__in=row.values("source_key"), then=0), default=1)
    key = keys.order_by(saw_it, "-sees_organisation", "pk").first()
    if key is None:
        raise NoKey("No API key of the workspace can ask.")
    return key


def is_done(removal: Removal, found: types.Checkpoint | None, *, sent_at: datetime) -> bool:
    days = removal.cleanup.days
    if days is None or found is None:
        return days is None and found is None
    due = sent_at + timedelta(days=days)
    return found.expires_at is not None and abs(found.expires_at - due) < CLOCKS_APART


def ask_later(removal: Removal, *, due_at: datetime | None, now: datetime) -> None:
    """Until a day has passed since it was sent. Then it is closed: nobody knows what became of it.
    The first question after a pause closes nothing."""
    was_paused = due_at is not None and now - due_at > PAUSE
    if not was_paused and now - (removal.sent_at or removal.cleanup.requested_at) > GIVE_UP:
        unknown = "The outcome could not be determined within a day. It may have been done."
        move_to(removal, State.LOST, answer={"error": unknown}, now=now)
        return
    rows = Removal.objects.filter(pk=removal.pk, state=State.UNKNOWN)
    rows.update(ask_at=now + (AFTER_PAUSE if was_paused else ASK_AGAIN))
