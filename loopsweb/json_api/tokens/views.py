"""Pages of access tokens: a person's own, and those of a team's members."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from loopsweb.accounts.auth.reauthentication import require_reauthentication
from loopsweb.accounts.authorization.actors import actor_in_workspace
from loopsweb.accounts.authorization.decorators import (
    SignedInRequest,
    TeamRequest,
    require_team_permission,
    signed_in,
)
from loopsweb.accounts.authorization.roles import Permission
from loopsweb.accounts.rate_limits import enforce_rate_limit
from loopsweb.audit.record import actor_of_request
from loopsweb.json_api.tokens import actions
from loopsweb.json_api.tokens.forms import CreateTokenForm
from loopsweb.json_api.tokens.models import AccessToken
from loopsweb.ui.pages import render_page


@signed_in
def list_(request: SignedInRequest) -> HttpResponse:
    own = AccessToken.objects.filter(person=request.user).select_related("workspace")
    context = {"tokens": own, "now": timezone.now()}
    return render_page(request, "json_api/tokens.html", context)


@signed_in
@require_reauthentication
@sensitive_variables("created")
def create(request: SignedInRequest) -> HttpResponseBase:
    form, created = CreateTokenForm(request.POST or None, person=request.user), None
    if form.is_valid():
        enforce_rate_limit(request, "create_token")
        workspace = form.cleaned_data["workspace"]
        by = actor_in_workspace(request, workspace, person=request.user)
        try:
            created = actions.create(
                **form.cleaned_data, person=request.user, by=by, now=timezone.now()
            )
        except actions.TooManyTokens as error:
            form.add_error(None, str(error))
    if created is None:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
        return render_page(request, "json_api/create_token.html", {"form": form}, status=status)
    site = request.build_absolute_uri("/").rstrip("/")
    context = {"token": created.token, "secret": created.secret, "site": site}
    return render_page(request, "json_api/token_created.html", context, status=HTTPStatus.CREATED)


@signed_in
def revoke(request: SignedInRequest, token: int) -> HttpResponse:
    found = get_object_or_404(
        AccessToken.objects.select_related("workspace", "person"), pk=token, person=request.user
    )
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    by = actor_in_workspace(request, found.workspace, person=request.user)
    actions.revoke(token=found, by=by, now=timezone.now())
    messages.success(request, f"Token “{found.name}” revoked.")
    return redirect("tokens:list")


@require_team_permission(Permission.MANAGE_TEAM)
def list_team_tokens(request: TeamRequest) -> HttpResponse:
    now = timezone.now()
    valid = AccessToken.objects.valid(now).filter(workspace__team=request.team)
    tokens = valid.select_related("workspace", "person").order_by("person__email", "pk")
    context = {"team": request.team, "tokens": tokens}
    return render_page(request, "json_api/team_tokens.html", context)


@require_team_permission(Permission.MANAGE_TEAM)
@require_POST
def revoke_team_token(request: TeamRequest, token: int) -> HttpResponse:
    tokens = AccessToken.objects.filter(workspace__team=request.team)
    found = get_object_or_404(tokens.select_related("workspace", "person"), pk=token)
    by = actor_of_request(request, workspace=found.workspace.slug)
    actions.revoke(token=found, by=by, now=timezone.now())
    messages.success(request, f"Token “{found.name}” of {found.person.email} revoked.")
    return redirect("team_tokens:list", request.team.pk)
