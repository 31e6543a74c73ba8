"""Pages around sign-in that allauth does not have."""

from __future__ import annotations

import uuid
from http import HTTPStatus

from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from loopsweb.accounts.auth.kept_form import find_kept_form, forget_kept_form
from loopsweb.accounts.auth.kept_text import keep_typed_fields
from loopsweb.accounts.auth.mfa import lacks_required_mfa
from loopsweb.accounts.auth.reauthentication import without_reauthentication
from loopsweb.accounts.authorization.decorators import SignedInRequest, public, signed_in
from loopsweb.ui.errors import render_error
from loopsweb.ui.pages import render_page


@signed_in
def explain_required_mfa(request: SignedInRequest) -> HttpResponse:
    """`require_mfa` and the pages of staff redirect here."""
    requiring = request.user.teams.filter(second_factor_required=True)
    teams = [team for team in requiring if lacks_required_mfa(request.user, team)]
    is_staff = request.user.is_staff and settings.LOOPSWEB_STAFF_MFA
    context = {"teams": teams, "for_admin": is_staff and not is_mfa_enabled(request.user)}
    return render_page(request, "accounts/mfa_required.html", context)


@signed_in
@require_safe
def offer_kept_form(request: SignedInRequest, form: uuid.UUID) -> HttpResponse:
    """People come here once they have confirmed. Nothing is sent unless they press the button."""
    if (kept := find_kept_form(request, form)) is None:
        return explain_lost_form(request)
    return render_page(request, "account/kept_form.html", {"form": kept})


@signed_in
@require_POST
@without_reauthentication("It goes back to the form, and sends nothing.")
def cancel_kept_form(request: SignedInRequest, form: uuid.UUID) -> HttpResponse:
    if (kept := find_kept_form(request, form)) is None:
        return explain_lost_form(request)
    request.session.pop(STATE_SESSION_KEY, None)
    forget_kept_form(request)
    keep_typed_fields(request, kept)
    messages.info(request, "Cancelled. Nothing was sent.")
    return redirect(kept.back)


def explain_lost_form(request: SignedInRequest) -> HttpResponse:
    title = "This form is no longer kept"
    text = "Nothing was sent. Open the page that the form was on and fill it in again."
    return render_error(request, HTTPStatus.GONE, title, text)


@public
def refuse_email_change(request: HttpRequest, key: str = "") -> HttpResponse:
    """Replaces allauth's pages that change or confirm an email address."""
    raise PermissionDenied(
        "You cannot change your email address: it identifies you in the audit trail. "
        "Ask your loopsweb administrator."
    )
