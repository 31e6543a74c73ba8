from __future__ import annotations

import uuid
from typing import Any, cast

from django import forms

from loopsweb.loops_api.uris import CheckpointURI
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.pages.idempotency import IdempotentForm
from loopsweb.ui.exact_input import ExactInput

EXPIRIES = [("7", "Let it expire in 7 days"), ("30", "Let it expire in 30 days")]
MAX_DAYS = 3650  # the API's limit of 315,360,000 seconds


TRAINER_URI = (
    "This names trainer weights, from which runs resume. Only sampler checkpoints can be "
    "validated: bt://loops:<run id>/sampler_weights/<name>."
)


class CheckpointURIField(forms.CharField):
    """Takes a bt:// URI in any spelling, and cleans it to the newest."""

    def __init__(self, label: str = "bt:// URI") -> None:
        super().__init__(label=label, max_length=2000, widget=ExactInput)

    def clean(self, value: Any) -> str:
        try:
            return str(CheckpointURI.parse(super().clean(value)))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class ExpiryForm(forms.Form):
    expiry = forms.ChoiceField(
        label="Expiry",
        choices=[("", "Choose"), *EXPIRIES, ("never", "Keep it"), ("days", "Let it expire")],
    )
    days = forms.IntegerField(
        label="Days from now",
        min_value=1,
        max_value=MAX_DAYS,
        required=False,
        help_text="What has expired is deleted within 24 hours, or 24 hours after its last use.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        chosen, days = cleaned.get("expiry"), cleaned.get("days")
        if chosen in dict(EXPIRIES):
            if days:
                self.add_error("days", f"You chose {chosen} days above. Leave this empty.")
            cleaned["days"] = int(chosen)
        if chosen == "days" and not days and "days" not in self.errors:
            self.add_error("days", "Say after how many days it expires.")
        if chosen == "never" and days:
            self.add_error("days", "It has no days if it is kept. Leave this empty.")
        return cleaned


class ValidationForm(forms.Form):
    """Sampler weights, and a run that they must fit."""

    checkpoint_path = CheckpointURIField(label="bt:// URI of a sampler checkpoint")
    run_id = forms.CharField(
        label="Run ID",
        max_length=255,
        required=False,
        widget=ExactInput,
        help_text="A run that the weights must fit.",
    )

    def clean_checkpoint_path(self) -> str:
        uri: str = self.cleaned_data["checkpoint_path"]
        if CheckpointURI.parse(uri).target != "sampler":
            raise forms.ValidationError(TRAINER_URI)
        return uri


class DeployForm(IdempotentForm):
    """refusal: why the checkpoint cannot be deployed at all."""

    model_name = forms.CharField(label="Name of the new model", max_length=255)
    instance_type_id = forms.ChoiceField(
        label="Machine", help_text="USD per hour and machine, while the model runs."
    )
    hf_secret_name = forms.CharField(
        label="Secret with a Hugging Face token",
        max_length=255,
        widget=ExactInput,
        help_text="Its name at Baseten, never the token itself.",
    )

    def __init__(self, data: Any = None, *, catalogue: Catalogue | None, refusal: str = "") -> None:
        self.refusal = refusal
        super().__init__(data, initial={"once": uuid.uuid4()})
        priced = {**(catalogue.prices or {}), **catalogue.rates} if catalogue else {}
        known = sorted(priced)
        if not known:
            self.fields["instance_type_id"] = forms.CharField(
                label="Machine",
                max_length=255,
                widget=ExactInput,
                help_text="The ID of an instance type. The API gives no prices: what it costs is "
                "not known here.",
            )
        elif catalogue:
            cast("forms.ChoiceField", self.fields["instance_type_id"]).choices = [
                ("", "Choose"),
                *((one, describe_price(catalogue, one)) for one in known),
            ]

    def clean(self) -> dict[str, Any]:
        if self.refusal:
            self.add_error(None, self.refusal)
        return super().clean() or {}

    def api_fields(self) -> dict[str, str]:
        names = ("model_name", "instance_type_id", "hf_secret_name")
        return {name: self.cleaned_data[name] for name in names}


def describe_price(catalogue: Catalogue, instance_id: str) -> str:
    cost = catalogue.price(instance_id, 1)
    return f"{instance_id}: ${cost.usd:,.2f} an hour, {cost.source}"
