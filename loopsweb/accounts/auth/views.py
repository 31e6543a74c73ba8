"""Pages around sign-in that allauth does not have."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from loopsweb.accounts.auth.mfa import lacks_required_mfa
from loopsweb.accounts.authorization.decorators import SignedInRequest, public, signed_in
from loopsweb.ui.pages import render_page


@signed_in
def explain_required_mfa(request: SignedInRequest) -> HttpResponse:
    """`require_mfa` redirects here."""
    requiring = request.user.teams.filter(second_factor_required=True)
    teams = [team for team in requiring if lacks_required_mfa(request.user, team)]
    return render_page(request, "accounts/mfa_required.html", {"teams": teams})


@public
def refuse_email_change(request: HttpRequest, key: str = "") -> HttpResponse:
    """Replaces allauth's pages that change or confirm an email address."""
    raise PermissionDenied(
        "You cannot change your email address: it identifies you in the audit trail. "
        "Ask your loopsweb administrator."
    )
