"""The fields of a long form in groups, each under a heading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.forms.boundfield import BoundField

Layout = Sequence[tuple[str, Sequence[str]]]


@dataclass(frozen=True)
class FieldGroup:
    title: str
    fields: list[BoundField]

    @property
    def is_used(self) -> bool:
        """Something was typed there, or something there is wrong."""
        return any(field.errors or field.value() for field in self.fields)


def group_fields(form: forms.Form, layout: Layout) -> list[FieldGroup]:
    """The groups that have fields in this form. Fields that no group names come in the first."""
    named = {name for _, names in layout for name in names}
    shown = {field.name: field for field in form.visible_fields()}
    groups = []
    for number, (title, names) in enumerate(layout):
        rest = [name for name in shown if name not in named] if number == 0 else []
        fields = [shown[name] for name in (*names, *rest) if name in shown]
        if fields:
            groups.append(FieldGroup(title, fields))
    return groups
