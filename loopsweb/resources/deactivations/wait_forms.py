"""Fields of a form that may wait until checkpoints have synced."""

from __future__ import annotations

import json
from typing import Any

from django import forms

from loopsweb.accounts.models import Workspace
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.deactivations.impact import Impact
from loopsweb.resources.deactivations.models import MAX_APPROVAL_HOURS

SYNC_HOURS = 6
UNLISTED = "The API no longer lists {}. It may be lost. Nothing was requested."
BEGUN = "{} began to sync meanwhile. Review it again."
NOT_TOLD = "The API does not say of every checkpoint whether it has synced, so none can be awaited."


class WaitFields(forms.Form):
    seen_now = forms.CharField(required=False)  # a box that the page offers when more would be lost
    once_synced = forms.JSONField(required=False)  # of a button: the ids of those that it named
    sync_hours = forms.IntegerField(
        label="Give up after",
        required=False,
        min_value=1,
        max_value=MAX_APPROVAL_HOURS,
        initial=SYNC_HOURS,
        help_text="hours",
    )

    workspace: Workspace
    foreseen: Any

    def list_impacts(self) -> list[Impact]:
        """Of all that is requested."""
        raise NotImplementedError

    @property
    def foreseen_json(self) -> str:
        return json.dumps(self.foreseen)

    @property
    def syncing(self) -> dict[str, Checkpoint]:
        """By id."""
        return {each.remote_id: each for one in self.list_impacts() for each in one.syncing}

    @property
    def syncing_json(self) -> str:
        return json.dumps([*self.syncing])

    def clean_once_synced(self) -> list[Checkpoint]:
        """The checkpoints to wait for: those that the page named, or for a script all that sync."""
        named: Any = self.cleaned_data["once_synced"]
        runs = [each for one in self.list_impacts() for each in one.runs]
        if named is None or named is False:
            return []
        if any(each.checkpoints.unknown for each in runs):
            raise forms.ValidationError(NOT_TOLD)
        if named is True:
            return list(self.syncing.values())
        if not isinstance(named, list) or not all(isinstance(each, str) for each in named):
            raise forms.ValidationError("These are no checkpoints.")
        ids = [each.run.remote_id for each in runs]
        rows = Checkpoint.objects.in_workspace(self.workspace)
        found = list(rows.filter(remote_id__in=named, run_remote_id__in=ids, missing_since=None))
        if lost := sorted(set(named) - {each.remote_id for each in found}):
            raise forms.ValidationError(UNLISTED.format(lost[0]))
        begun = sorted(each.name for each in self.syncing.values() if each.remote_id not in named)
        if begun:
            raise forms.ValidationError(BEGUN.format(begun[0]))
        return found
