"""Template tags for forms: where typing begins, and what was wrong."""

from __future__ import annotations

import re
from typing import Any

from django import template
from django.forms import BaseForm, Form
from django.forms.utils import flatatt

from loopsweb.ui.exact_input import AS_TYPED

register = template.Library()
AS_TYPED_ATTRIBUTES = flatatt(AS_TYPED)


@register.simple_tag
def focus_first(form: Form) -> str:
    """Let people type into the first field at once, unless there are errors to be read first."""
    if not form.errors:
        groups = getattr(form, "groups", None)
        fields = groups[0].fields if groups else form.visible_fields()
        for first in fields[:1]:
            first.field.widget.attrs["autofocus"] = True
    return ""


@register.simple_tag
def as_typed() -> str:
    """The attributes of an input that no browser or keyboard corrects."""
    return AS_TYPED_ATTRIBUTES


@register.inclusion_tag("ui/error_summary.html", takes_context=True)
def error_summary(context: template.Context) -> dict[str, Any]:
    """The errors of each form of the page that was sent."""
    given: Any = context.flatten()
    sent = {
        id(value): value
        for value in given.values()
        if isinstance(value, BaseForm) and value.is_bound and value.errors
    }
    return {"forms": list(sent.values())}


@register.filter
def names(error: Any, label: Any) -> bool:
    """True if the error has the words of the label, which then need not be said before it. Both
    may be lazy."""
    words = re.escape(str(label))
    return bool(re.search(rf"(?<!\w){words}(?!\w)", str(error), re.IGNORECASE))
