"""The forms of deactivations."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django import forms
from django.utils.html import escape

from loopsweb.accounts.models import User
from loopsweb.audit.record import Actor
from loopsweb.keys.clients import find_client
from loopsweb.resources.deactivations import actions, dispatch
from loopsweb.resources.deactivations.batches import Selection
from loopsweb.resources.deactivations.impact import Impact, assess_impact
from loopsweb.resources.deactivations.models import Deactivation, Policy
from loopsweb.resources.deactivations.preflight import find_age
from loopsweb.resources.deactivations.requirements import (
    Requirements,
    find_requirements,
    list_own_emails,
    load_policy,
    schedule_request,
)
from loopsweb.resources.deactivations.targets import Target, explain_shared_end, kind_of

INVISIBLE_LETTERS = "\u115f\u1160\u3164\uffa0"  # fillers that count as letters
CHANGED = "More would be deactivated or lost than this page showed. Review it again."


class ForeseenForm(forms.Form):
    """Carries what the page showed, so that nobody agrees to more than they saw."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    is_seen_required = False

    def __init__(
        self,
        data: Any = None,
        *,
        foreseen: dict[str, Any],
        has_additions: Callable[[Any], object],
        **options: Any,
    ) -> None:
        self.foreseen, self.has_additions, self.is_stale = foreseen, has_additions, False
        initial = options.pop("initial", {}) | {"seen": json.dumps(foreseen)}
        super().__init__(data, initial=initial, **options)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        seen = cleaned.get("seen", "")
        self.is_stale = self.shows_more_than(seen) if seen else self.is_seen_required
        if self.is_stale:
            self.add_error(None, CHANGED)
        return cleaned

    def shows_more_than(self, seen: str) -> bool:
        try:
            return bool(self.has_additions(json.loads(seen)))
        except (ValueError, TypeError, AttributeError, RecursionError):
            return True

    def show_again(self) -> None:
        """After a refusal the page shows what holds now, and so does the form."""
        self.data = {**dict(self.data.items()), "seen": json.dumps(self.foreseen)}


class ImpactForm(ForeseenForm):
    def __init__(self, data: Any = None, *, impact: Impact) -> None:
        self.impact = impact
        super().__init__(data, foreseen=impact.foreseen, has_additions=self.find_additions)

    def find_additions(self, seen: dict[Any, Any]) -> dict[str, list[str]]:
        foreseen = {str(name): list(ids) for name, ids in seen.items()}
        return self.impact.find_additions(foreseen)


class ApproveForm(ImpactForm):
    is_seen_required = True  # whoever approves must have seen what ends


def require_words(reason: str) -> None:
    if not any(sign.isalnum() and sign not in INVISIBLE_LETTERS for sign in reason):
        raise forms.ValidationError("Enter the reason in words.")


class DeactivateForm(ImpactForm):
    reason = forms.CharField(
        label="Reason",
        max_length=1000,
        validators=[require_words],
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "Enter a reason."},
        help_text="Kept in the audit trail, beside your name.",
    )
    typed = forms.CharField(
        max_length=255, widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"})
    )
    break_glass = forms.BooleanField(required=False)  # the value of a button of its own

    def __init__(
        self,
        data: Any = None,
        *,
        impact: Impact,
        policy: Policy,
        requirements: Requirements,
        may_break_glass: bool,
    ) -> None:
        super().__init__(data, impact=impact)
        self.policy, self.requirements = policy, requirements
        self.fields["reason"].required = requirements.reason
        if requirements.typed_id:
            noun = kind_of(impact.target).noun
            typed = self.fields["typed"]
            typed.label = f"Type the {noun} ID to confirm"
            typed.error_messages["required"] = f"Enter the {noun} ID."
            typed.help_text = escape(requirements.typed_id)
        else:
            del self.fields["typed"]
        if not (may_break_glass and requirements.overridable):
            del self.fields["break_glass"]

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip()
        if typed != self.impact.target.remote_id:
            raise forms.ValidationError(
                f"This is not the {kind_of(self.impact.target).noun}'s ID. Nothing was done."
            )
        return typed

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("break_glass") and not cleaned.get("reason"):
            self.add_error("reason", "Enter why this could not wait.")
        elif (refusal := self.requirements.refusal) and not cleaned.get("break_glass"):
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
        broke_glass = self.cleaned_data.get("break_glass", False)
        schedule = schedule_request(
            self.impact,
            self.requirements,
            policy=self.policy,
            as_of=find_age(target),
            now=now,
            broke_glass=broke_glass,
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


def build_form(row: Target, *, person: User, data: Any, may_break_glass: bool) -> DeactivateForm:
    """The form for this person as of now. data: None when nothing was sent."""
    impact, policy = assess_impact(row), load_policy(row.workspace.team)
    own_emails = list_own_emails(row.workspace, person)
    return DeactivateForm(
        data,
        impact=impact,
        policy=policy,
        requirements=find_requirements(impact, policy=policy, own_emails=own_emails),
        may_break_glass=may_break_glass,
    )


class BatchForm(ForeseenForm):
    """Always asks for the number, so that nobody ends more than they think they selected."""

    once = forms.UUIDField(widget=forms.HiddenInput)
    reason = DeactivateForm.base_fields["reason"]
    typed = forms.CharField(
        max_length=10,
        widget=forms.TextInput({"autocomplete": "off", "inputmode": "numeric"}),
        help_text="How many you are about to deactivate.",
    )
    is_seen_required = True
    field_order = ("once", "seen", "reason", "typed")

    def __init__(self, data: Any = None, *, selection: Selection, policy: Policy) -> None:
        self.selection, self.policy = selection, policy
        self.number = len(selection.requested)
        super().__init__(
            data,
            foreseen=selection.foreseen,
            has_additions=selection.has_additions,
            initial={"once": uuid.uuid4()},
        )
        self.fields["reason"].required = policy.reason_required
        self.fields["typed"].label = f"Type {self.number} to confirm"

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip()
        if typed != str(self.number):
            raise forms.ValidationError(f"The number is {self.number}. Nothing was done.")
        return typed


class NoteForm(forms.Form):
    note = forms.CharField(
        label="Reason for declining",
        required=False,
        max_length=1000,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text="Kept in the audit trail.",
    )
