"""Pages that list browser sessions, a person's own and those of a team's members, and end them."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from loopsweb.accounts.auth.browser_sessions import actions
from loopsweb.accounts.auth.browser_sessions.live import find_live_sessions, find_other_sessions
from loopsweb.accounts.authorization.decorators import (
    SignedInRequest,
    TeamRequest,
    require_team_permission,
    signed_in,
)
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.audit.record import actor_of_request
from loopsweb.ui.pages import render_page


@signed_in
def list_sessions(request: SignedInRequest) -> HttpResponse:
    sessions = UserSession.objects.purge_and_list(request.user)
    sessions.sort(key=lambda each: (each.is_current(), each.last_seen_at), reverse=True)
    return render_page(request, "accounts/sessions.html", {"sessions": sessions})


@signed_in
def end_session(request: SignedInRequest, session: int) -> HttpResponse:
    ending = get_object_or_404(UserSession, pk=session, user=request.user)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    is_current = ending.is_current()
    by = actor_of_request(request)
    actions.end_sessions(sessions=[ending], person=request.user, by=by, now=timezone.now())
    if is_current:
        return redirect("account_login")
    messages.success(request, "Session ended.")
    return redirect("sessions_of_person")


@signed_in
@require_POST
def end_other_sessions(request: SignedInRequest) -> HttpResponse:
    others = find_other_sessions(request, request.user)
    by = actor_of_request(request)
    count = actions.end_sessions(sessions=others, person=request.user, by=by, now=timezone.now())
    ended = "1 session" if count == 1 else f"{count} sessions"
    messages.success(request, f"Ended {ended}. You are now signed in on this browser only.")
    return redirect("sessions_of_person")


@require_team_permission(Permission.MANAGE_TEAM)
def list_member_sessions(request: TeamRequest) -> HttpResponse:
    sessions = find_live_sessions(now=timezone.now()).filter(user__teams=request.team)
    listed = sessions.select_related("user").order_by("user__email", "-last_seen_at")
    context = {"team": request.team, "sessions": listed}
    return render_page(request, "accounts/member_sessions.html", context)


@require_team_permission(Permission.MANAGE_TEAM)
@require_POST
def end_member_session(request: TeamRequest, session: int) -> HttpResponse:
    """Ends it everywhere, not in this team alone."""
    sessions = UserSession.objects.select_related("user")
    ending = get_object_or_404(sessions, pk=session, user__teams=request.team)
    by = actor_of_request(request)
    actions.end_member_session(session=ending, team=request.team, by=by, now=timezone.now())
    messages.success(request, f"Session of {ending.user.email} ended.")
    return redirect("teams:sessions", request.team.pk)
