"""Pages for a person's own access tokens."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from loopsweb.accounts.auth.reauthentication import require_reauthentication
from loopsweb.accounts.authorization.actors import actor_in_workspace
from loopsweb.accounts.authorization.decorators import SignedInRequest, signed_in
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
    form = CreateTokenForm(request.POST or None, person=request.user)
    if not form.is_valid():
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
        return render_page(request, "json_api/create_token.html", {"form": form}, status=status)
    created = actions.create(
        **form.cleaned_data,
        person=request.user,
        by=actor_in_workspace(request, form.cleaned_data["workspace"], person=request.user),
        now=timezone.now(),
    )
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
