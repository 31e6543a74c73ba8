"""Text fields for what is typed letter by letter: IDs, URIs, keys, names of models."""

from __future__ import annotations

from django import forms

AS_TYPED = {
    "autocomplete": "off",
    "autocapitalize": "none",
    "autocorrect": "off",
    "spellcheck": "false",
}


class ExactInput(forms.TextInput):
    """No browser or keyboard corrects what is typed into it."""

    def __init__(self, attrs: dict[str, str] | None = None) -> None:
        super().__init__(AS_TYPED | (attrs or {}))
