"""Who has no second factor is led to one, before they enter where a team demands it."""

from __future__ import annotations

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from loopsweb.accounts.models import Team, User


def is_missing(person: User, team: Team) -> bool:
    """Recovery codes alone are none."""
    return team.second_factor_required and not is_mfa_enabled(person)


def demand(request: HttpRequest, person: User, team: Team) -> None:
    """Raises ImmediateHttpResponse, which allauth's middleware answers with."""
    if not is_missing(person, team):
        return
    if "HX-Request" not in request.headers:
        raise ImmediateHttpResponse(redirect("second_factor"))
    lead = HttpResponse(status=204)
    lead["HX-Redirect"] = reverse("second_factor")
    raise ImmediateHttpResponse(lead)
