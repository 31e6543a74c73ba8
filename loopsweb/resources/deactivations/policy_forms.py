from __future__ import annotations

from django import forms

from loopsweb.resources.deactivations.policies import Policy


class PolicyForm(forms.ModelForm[Policy]):
    class Meta:
        model = Policy
        fields = (
            "reason_required",
            "approve_protected",
            "approve_others",
            "approval_hours",
            "undo_seconds",
        )


class Protect(forms.Form):
    protect = forms.BooleanField(required=False)
    note = forms.CharField(required=False, max_length=500)
