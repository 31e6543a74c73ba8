from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict

from loopsweb.resources.lists.models import MAX_VIEWS, SavedView
from loopsweb.ui.url_text import remove_nul

MAX_QUERY = 2000
NOT_SAVED = ("page", "v")


class ViewForm(forms.ModelForm[SavedView]):
    """others: the views beside which it has to fit, of the list."""

    for_team = forms.BooleanField(label="For everyone in the team", required=False)
    query = forms.CharField(required=False, max_length=MAX_QUERY, widget=forms.HiddenInput)

    class Meta:
        model = SavedView
        fields = ["name"]

    def __init__(
        self, *args: Any, others: QuerySet[SavedView], may_share: bool, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.others = others
        if not may_share:
            del self.fields["for_team"]

    def clean_query(self) -> str:
        """Without what belongs to a moment."""
        kept = QueryDict(remove_nul(self.cleaned_data["query"]).removeprefix("?"), mutable=True)
        for name in NOT_SAVED:
            kept.pop(name, None)
        return kept.urlencode()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_shared = bool(cleaned.get("for_team"))
        beside = self.others.filter(person__isnull=is_shared)
        if beside.filter(name=cleaned.get("name")).exists():
            self.add_error("name", "There is a view of this name. Choose another, or delete that.")
        elif beside.count() >= MAX_VIEWS:
            whose = "The team" if is_shared else "You"
            have = "has" if is_shared else "have"
            message = f"{whose} {have} {MAX_VIEWS} views of this list already. Delete one first."
            self.add_error("name", message)
        return cleaned


class RenameForm(forms.ModelForm[SavedView]):
    class Meta:
        model = SavedView
        fields = ["name"]
