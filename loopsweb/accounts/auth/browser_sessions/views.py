"""Where one is signed in, and signing out there."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from loopsweb.accounts.auth.browser_sessions import actions
from loopsweb.accounts.authorization.decorators import SignedInRequest, signed_in
from loopsweb.audit.record import actor
from loopsweb.ui.pages import render_page


@signed_in
def list_(request: SignedInRequest) -> HttpResponse:
    sessions = UserSession.objects.purge_and_list(request.user)
    sessions.sort(key=lambda each: (each.is_current(), each.last_seen_at), reverse=True)
    return render_page(request, "accounts/sessions.html", {"sessions": sessions})


@signed_in
def end(request: SignedInRequest, session: int) -> HttpResponse:
    found = get_object_or_404(UserSession, pk=session, user=request.user)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    is_this_one = found.is_current()
    actions.end(sessions=[found], person=request.user, by=actor(request), now=timezone.now())
    if is_this_one:
        return redirect("account_login")
    messages.success(request, "That session is ended.")
    return redirect("sessions_of_person")


@signed_in
@require_POST
def end_others(request: SignedInRequest) -> HttpResponse:
    here = request.session.session_key
    others = UserSession.objects.filter(user=request.user).exclude(session_key=here)
    count = actions.end(sessions=others, person=request.user, by=actor(request), now=timezone.now())
    ended = "1 session is" if count == 1 else f"{count} sessions are"
    messages.success(request, f"{ended} ended. You are signed in here alone.")
    return redirect("sessions_of_person")
