"""Asking for one deactivation, from a page or by a script: the same rules for both."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from loopsweb.accounts.models import User
from loopsweb.audit.record import Actor
from loopsweb.keys.clients import client_for
from loopsweb.resources.deactivations import actions
from loopsweb.resources.deactivations.demands import demands, own_addresses, plan
from loopsweb.resources.deactivations.forms import CHANGED, Deactivate
from loopsweb.resources.deactivations.models import Deactivation
from loopsweb.resources.deactivations.policies import policy_of
from loopsweb.resources.deactivations.preflight import preflight
from loopsweb.resources.deactivations.targets import Target, ends_with, kind_of

OK, CONFLICT, UNPROCESSABLE = 200, 409, 422


class Changed(Exception):
    """What ends, or what is demanded, is not what was shown. Nothing was done."""


def form_for(row: Target, *, person: User, data: Any, may_break_glass: bool) -> Deactivate:
    """What it would end, and what is demanded of this person. data: None where nothing was sent."""
    shown, policy = preflight(row), policy_of(row.workspace.team)
    return Deactivate(
        data,
        shown=shown,
        policy=policy,
        asked=demands(shown, policy=policy, own=own_addresses(row.workspace, person)),
        may_break_glass=may_break_glass,
    )


def why_not_now(form: Deactivate) -> int:
    """The status of the answer that says it on the form, 200 where it may be done."""
    row = form.shown.target
    ended = f"This {kind_of(row).noun} is {row.status} already; there is nothing to end."
    if why := ended if row.is_terminal else ends_with(row):
        form.add_error(None, why)
        return CONFLICT
    if form.is_valid():
        return OK
    form.show_again()
    return CONFLICT if form.is_stale else UNPROCESSABLE


def press(
    form: Deactivate, *, person: User, by: Actor, clock: Callable[[], datetime], token: str = ""
) -> Deactivation:
    """Of a form that is valid. token: with which a script asks, as the trail names it.

    Raises NoKey, NotRecorded, AlreadyRequested, or Changed.
    """
    target = form.shown.target

    def still() -> None:
        """What is demanded may have changed since the form was read, such as by a protection."""
        now = form_for(target, person=person, data=None, may_break_glass=form.may_break_glass)
        if now.shown.beyond(form.shown.foreseen) or now.asked != form.asked:
            raise Changed(CHANGED)

    how = plan(
        form.shown,
        form.asked,
        policy=form.policy,
        now=clock(),
        broke_glass=form.cleaned_data.get("break_glass", False),
        token=token,
    )
    acting = client_for(workspace=target.workspace, person=person, method=kind_of(target).method)
    return actions.deactivate(
        target=target,
        acting=acting,
        by=by,
        reason=form.cleaned_data["reason"],
        clock=clock,
        plan=how,
        still=still,
    )
