"""The forms of deactivations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, cast

from django import forms
from django.utils.html import format_html

from loopsweb.accounts.models import User
from loopsweb.audit.record import Actor
from loopsweb.keys.clients import find_client
from loopsweb.resources.deactivations import actions, dispatch
from loopsweb.resources.deactivations.impact import Impact, assess_impact
from loopsweb.resources.deactivations.impact_forms import ImpactForm
from loopsweb.resources.deactivations.impact_warnings import find_other_request
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.deactivations.preflight import observe_target
from loopsweb.resources.deactivations.requirements import (
    Requirements,
    find_requirements,
    list_own_emails,
    load_policy,
    schedule_request,
)
from loopsweb.resources.deactivations.targets import Target, explain_shared_end, kind_of
from loopsweb.resources.deactivations.wait_forms import SYNC_HOURS, WaitFields
from loopsweb.ui.forms import TypedField

INVISIBLE_LETTERS = "\u115f\u1160\u3164\uffa0"  # fillers that count as letters


def require_words(reason: str) -> None:
    if not any(sign.isalnum() and sign not in INVISIBLE_LETTERS for sign in reason):
        raise forms.ValidationError("Enter the reason in words.")


class DeactivateForm(WaitFields, ImpactForm):
    reason = forms.CharField(
        label="Reason",
        max_length=1000,
        validators=[require_words],
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "Enter a reason."},
        help_text="Kept in the audit trail, beside your name.",
    )
    typed = TypedField(max_length=255)
    shown: tuple[str, ...] = ("seen", "reason", "typed")
    breaks_glass = False

    def __init__(
        self, data: Any = None, *, impact: Impact, policy: Policy, requirements: Requirements
    ) -> None:
        super().__init__(data, impact=impact)
        self.policy, self.requirements = policy, requirements
        self.workspace = impact.target.workspace
        self.fields["reason"].required = requirements.reason
        if why := self.explain_typed_id():
            label = f"Type the {kind_of(impact.target).noun} ID to confirm"
            cast("TypedField", self.fields["typed"]).expect(impact.target.remote_id, label=label)
            self.fields["typed"].help_text = format_html(
                '<span class="id">{}</span>. {}', impact.target.remote_id, why
            )
        else:
            del self.fields["typed"]

    @property
    def asked(self) -> list[forms.BoundField]:
        """The fields above the buttons."""
        return [self[name] for name in self.shown if name in self.fields]

    def explain_typed_id(self) -> str:
        """Why the ID has to be typed; "" if it has not."""
        return self.requirements.typed_id

    def list_impacts(self) -> list[Impact]:
        return [self.impact]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if (refusal := self.requirements.refusal) and not self.breaks_glass:
            self.add_error(None, f"{refusal} An admin can remove the protection.")
        return cleaned

    def check(self) -> HTTPStatus:
        """OK where it can be requested now; else the status of the answer that shows the errors."""
        row = self.impact.target
        ended = f"This {kind_of(row).noun} is already {row.status}. There is nothing to deactivate."
        if why := ended if row.is_terminal else explain_shared_end(row):
            self.add_error(None, why)
            return HTTPStatus.CONFLICT
        if self.is_valid():
            return HTTPStatus.OK
        self.show_again()
        return HTTPStatus.CONFLICT if self.is_stale else HTTPStatus.UNPROCESSABLE_ENTITY

    def submit(
        self, *, person: User, by: Actor, clock: Callable[[], datetime], token: str = ""
    ) -> Deactivation:
        """Request it, and send it at once if it is due. The form is valid.

        token: the access token that a script uses. Raises NoKey, NotRecorded, AlreadyRequested.
        """
        target, now = self.impact.target, clock()
        method = kind_of(target).method
        key = find_client(workspace=target.workspace, person=person, method=method).key
        hours = self.cleaned_data["sync_hours"] or SYNC_HOURS
        schedule = schedule_request(
            self.impact,
            self.requirements,
            policy=self.policy,
            as_of=observe_target(target, now=now),
            now=now,
            broke_glass=self.breaks_glass,
            awaited=self.cleaned_data["once_synced"],
            sync_until=now + timedelta(hours=hours),
            other=find_other_request(self.impact),
        )
        deactivation = actions.request_deactivation(
            target=target,
            key=key,
            by=by,
            reason=self.cleaned_data["reason"],
            schedule=schedule,
            now=now,
            token=token,
        )
        dispatch.dispatch_at_once(deactivation, clock=clock)
        return deactivation


class BreakGlassForm(DeactivateForm):
    """Passes over the policy. It asks for a reason and the ID, whatever the policy asks for."""

    break_glass = forms.CharField(initial="on", widget=forms.HiddenInput)
    shown = ("seen", "break_glass", "reason", "typed")
    breaks_glass = True

    def __init__(self, data: Any = None, **given: Any) -> None:
        super().__init__(data, **given)
        self.auto_id = "glass_%s"
        reason = self.fields["reason"]
        reason.required, reason.label = True, "Why this cannot wait"
        reason.error_messages["required"] = "Enter why this cannot wait."

    def explain_typed_id(self) -> str:
        return self.requirements.typed_id or self.requirements.overridable


def build_form(row: Target, *, person: User, data: Any) -> DeactivateForm:
    """The form for this person as of now. data: None when nothing was sent."""
    form, _ = build_forms(row, person=person, data=data, may_break_glass=False)
    return form


def build_forms(
    row: Target, *, person: User, data: Any, may_break_glass: bool
) -> tuple[DeactivateForm, BreakGlassForm | None]:
    """Also the form that passes over the policy, where it demands anything that can be. `data` is
    of one of them."""
    impact, policy = assess_impact(row), load_policy(row.workspace.team)
    own_emails = list_own_emails(row.workspace, person)
    requirements = find_requirements(impact, policy=policy, own_emails=own_emails)
    given: dict[str, Any] = {"impact": impact, "policy": policy, "requirements": requirements}
    if not (may_break_glass and requirements.overridable):
        return DeactivateForm(data, **given), None
    if data and "break_glass" in data:
        return DeactivateForm(**given), BreakGlassForm(data, **given)
    return DeactivateForm(data, **given), BreakGlassForm(**given)
