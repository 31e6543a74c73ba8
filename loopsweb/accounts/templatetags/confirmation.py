"""What a confirmation is for."""

from __future__ import annotations

from django import template

from loopsweb.accounts.auth.kept_form import KeptForm, find_interrupted_form

register = template.Library()


@register.simple_tag(takes_context=True)
def interrupted_form(context: template.Context) -> KeptForm | None:
    """The form that the page to confirm on interrupts. It follows on the confirmation."""
    following = str(context.get("redirect_field_value") or "")
    return find_interrupted_form(context["request"], following=following)
