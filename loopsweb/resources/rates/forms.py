"""One field for each instance type that has a rate, or has none and no price of the API."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import Q

from loopsweb.accounts.models import Workspace
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.samplers.models import Sampler

MAX_USD, MAX_TYPES = Decimal(100_000), 100


class RatesForm(forms.Form):
    def __init__(self, *args: Any, workspace: Workspace, **options: Any) -> None:
        super().__init__(*args, **options)
        catalogue = Catalogue.objects.filter(workspace=workspace).first() or Catalogue()
        self.names = {
            one: name
            for one, name in find_instance_types(workspace, catalogue).items()
            if one in catalogue.rates or one not in (catalogue.prices or {})
        }
        for one, name in self.names.items():
            self.fields[f"rate-{one}"] = forms.DecimalField(
                label=f"{name}, USD per hour",
                required=False,
                min_value=Decimal(0),
                max_value=MAX_USD,
                decimal_places=6,
                initial=catalogue.rates.get(one),
                help_text="Of one machine with all its GPUs. Leave empty where it is not known.",
            )

    @property
    def rates(self) -> dict[str, Decimal | None]:
        return {one: self.cleaned_data[f"rate-{one}"] for one in self.names}


def find_instance_types(workspace: Workspace, catalogue: Catalogue) -> dict[str, str]:
    """{id: its name} of those that have a rate or hold GPUs now."""
    found = {one: one for one in catalogue.rates}
    for one, name in list_held(workspace):
        found[one] = name or one
    return dict(sorted(found.items(), key=lambda item: item[1]))


def list_held(workspace: Workspace) -> Iterator[tuple[str, str]]:
    for model in (Deployment, Sampler):
        held = model.objects.in_workspace(workspace).filter(Q(gpus__gt=0) | Q(gpus=None))
        named = held.exclude(instance_id="").order_by("instance_id")
        yield from named.values_list("instance_id", "instance_name").distinct()[:MAX_TYPES]
