from __future__ import annotations

from django import forms

from loopsweb.resources.pages.creation_form import CreationForm
from loopsweb.ui.exact_input import ExactInput


class NewSession(CreationForm):
    training_project_id = forms.CharField(
        label="Training project ID",
        max_length=255,
        required=False,
        widget=ExactInput,
        help_text="Leave empty for the organisation's default project, created if there is none.",
    )


class AddSession(forms.Form):
    session_id = forms.CharField(
        label="Session ID",
        max_length=255,
        help_text="The API cannot list sessions. One without a run can only be found by its ID.",
        widget=ExactInput,
    )
