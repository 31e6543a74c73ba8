"""A text field with suggestions that accepts any text and needs no JavaScript."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from loopsweb.ui.exact_input import ExactInput


class DatalistInput(ExactInput):
    """`suggestions` are (value, label) pairs, set before the form is rendered."""

    template_name = "ui/datalist_input.html"

    def __init__(self, attrs: dict[str, str] | None = None) -> None:
        super().__init__(attrs)
        self.suggestions: Iterable[tuple[str, str]] = ()

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        list_id = f"{context['widget']['attrs'].get('id', name)}_suggestions"
        context["widget"]["attrs"]["list"] = list_id
        return context | {"list_id": list_id, "suggestions": self.suggestions}
