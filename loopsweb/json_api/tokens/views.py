"""A person's own access tokens: made, listed, revoked. Their secret is shown once."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from loopsweb.accounts.auth.reauthentication import confirmed
from loopsweb.accounts.authorization.decorators import SignedInRequest, signed_in
from loopsweb.accounts.models import Membership, Workspace
from loopsweb.audit.record import Actor, actor
from loopsweb.json_api.tokens import actions
from loopsweb.json_api.tokens.forms import MakeToken
from loopsweb.json_api.tokens.models import AccessToken
from loopsweb.ui.pages import render_page

CREATED, UNPROCESSABLE = 201, 422


@signed_in
def list_(request: SignedInRequest) -> HttpResponse:
    mine = AccessToken.objects.filter(person=request.user).select_related("workspace")
    context = {"tokens": mine, "now": timezone.now()}
    return render_page(request, "json_api/tokens.html", context)


@signed_in
@confirmed
@sensitive_variables("made")
def make(request: SignedInRequest) -> HttpResponseBase:
    form = MakeToken(request.POST or None, person=request.user)
    if not form.is_valid():
        status = UNPROCESSABLE if form.errors else 200
        return render_page(request, "json_api/make_token.html", {"form": form}, status=status)
    made = actions.make(
        **form.cleaned_data,
        person=request.user,
        by=_actor(request, form.cleaned_data["workspace"]),
        now=timezone.now(),
    )
    site = request.build_absolute_uri("/").rstrip("/")
    context = {"token": made.token, "secret": made.secret, "site": site}
    return render_page(request, "json_api/token_made.html", context, status=CREATED)


@signed_in
def revoke(request: SignedInRequest, token: int) -> HttpResponse:
    found = get_object_or_404(
        AccessToken.objects.select_related("workspace", "person"), pk=token, person=request.user
    )
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    actions.revoke(token=found, by=_actor(request, found.workspace), now=timezone.now())
    messages.success(request, f"Token “{found.name}” no longer works.")
    return redirect("tokens:list")


def _actor(request: SignedInRequest, workspace: Workspace) -> Actor:
    role = Membership.objects.filter(team__workspaces=workspace, user=request.user)
    held = role.values_list("role", flat=True).first()
    return actor(request, workspace=workspace.slug, role=held or "")
