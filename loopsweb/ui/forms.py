"""The fields of every form: their errors in our words, and what was typed into them before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.utils.datastructures import MultiValueDict
from django.utils.functional import cached_property

from loopsweb.ui.exact_input import ExactInput

MESSAGES = {
    "max_length": "Enter at most %(limit_value)s characters. These are %(show_value)s.",
    "max_value": "Enter a number of at most %(limit_value)s.",
    "min_length": "Enter at least %(limit_value)s characters. These are %(show_value)s.",
    "min_value": "Enter a number of at least %(limit_value)s.",
}
OF_DJANGO = frozenset(
    str(kind.default_error_messages[code])
    for kind, code in (
        (forms.Field, "required"),
        (forms.ChoiceField, "invalid_choice"),
        (forms.ModelChoiceField, "invalid_choice"),
    )
)
VOWEL = re.compile(r"[aeio]|[AEFHILMNORSX](?![a-z])")  # as it is spoken: an hour is no label here

typed_before: ContextVar[Mapping[str, list[str]] | None] = ContextVar("typed_before", default=None)


@contextmanager
def fill_forms(fields: Mapping[str, list[str]]) -> Iterator[None]:
    """Forms that were not sent have these values, if a field of theirs is among them."""
    token = typed_before.set(fields or None)
    try:
        yield
    finally:
        typed_before.reset(token)


class WordedField(BoundField):
    def __init__(self, form: forms.BaseForm, field: forms.Field, name: str) -> None:
        super().__init__(form, field, name)
        for code, message in self.word_errors().items():
            if field.error_messages.get(code, message) in OF_DJANGO | {message}:
                field.error_messages[code] = message

    def word_errors(self) -> dict[str, Any]:
        required = ask_for(self.field.widget, str(self.label))
        return {**MESSAGES, "required": required, "invalid_choice": "Choose one of those offered."}

    @cached_property
    def initial(self) -> Any:
        typed = typed_before.get()
        if typed is None or self.form.is_bound or self.is_hidden or not is_typed(self.form, typed):
            return self.form.get_initial_for_field(self.field, self.name)
        data = MultiValueDict(typed)
        return self.field.widget.value_from_datadict(data, MultiValueDict(), self.html_name)


class TypedField(forms.CharField):
    """Confirms by what is typed into it. Call `expect` in the form's `__init__`."""

    expected = ""

    def __init__(self, *, max_length: int, help_text: str = "", **attributes: str) -> None:
        widget = ExactInput(attributes)
        super().__init__(max_length=max_length, widget=widget, help_text=help_text)

    def expect(self, text: str, *, label: str = "") -> None:
        """Nothing but this text confirms. label: names it, if it is long."""
        self.expected, self.label = text, label or f"Type {text} to confirm"
        self.error_messages["required"] = f"{label}: {text}." if label else f"{self.label}."

    def clean(self, value: Any) -> str:
        typed: str = super().clean(value)
        if typed != self.expected:
            raise forms.ValidationError(self.error_messages["required"])
        return typed


def is_typed(form: forms.BaseForm, typed: Mapping[str, list[str]]) -> bool:
    return any(
        form.add_prefix(name) in typed
        for name, field in form.fields.items()
        if not field.widget.is_hidden
    )


def ask_for(widget: forms.Widget, label: str) -> str:
    match widget:
        case forms.CheckboxInput():
            return "Tick this to go on."
        case forms.NumberInput():
            return "Enter a number."
        case forms.Select():
            return f"Choose {name_with_article(label)}."
    return f"Enter {name_with_article(label)}."


def name_with_article(label: str) -> str:
    """As "a name", "an API key", "a new password"."""
    words = [word if word[1:] != word[1:].lower() else word.lower() for word in label.split()]
    named = " ".join(words)
    return f"{'an' if VOWEL.match(named) else 'a'} {named}"


class Renderer(TemplatesSetting):
    bound_field_class = WordedField
