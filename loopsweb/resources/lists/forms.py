from __future__ import annotations

from typing import Any

from django import forms

from loopsweb.resources.lists.models import SavedView
from loopsweb.resources.lists.queries import normalize_query

MAX_QUERY = 2000


class ViewForm(forms.ModelForm[SavedView]):
    for_team = forms.BooleanField(label="For everyone in the team", required=False)
    query = forms.CharField(required=False, max_length=MAX_QUERY, widget=forms.HiddenInput)

    class Meta:
        model = SavedView
        fields = ["name"]

    def __init__(self, *args: Any, may_share: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not may_share:
            del self.fields["for_team"]

    def clean_query(self) -> str:
        """Without what belongs to a moment."""
        return normalize_query(self.cleaned_data["query"])


class RenameForm(forms.ModelForm[SavedView]):
    class Meta:
        model = SavedView
        fields = ["name"]
