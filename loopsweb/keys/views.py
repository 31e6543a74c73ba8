"""A person's own keys: add, look at, re-check, replace, share, remove."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from loopsweb.accounts import rate_limits
from loopsweb.accounts.auth import mfa
from loopsweb.accounts.auth.reauthentication import confirmed
from loopsweb.accounts.authorization import denials
from loopsweb.accounts.authorization.decorators import SignedInRequest, signed_in
from loopsweb.accounts.authorization.roles import Permission, roles_with
from loopsweb.accounts.models import Membership, Workspace
from loopsweb.audit.record import Actor, actor
from loopsweb.keys import actions, capabilities
from loopsweb.keys.clients import KeyUnusable
from loopsweb.keys.forms import PASTE_AGAIN, AddKey, ReplaceKey, workspaces_to_add_to
from loopsweb.keys.models import Key
from loopsweb.loops_api.errors import LoopsError, Unauthorized
from loopsweb.ui.pages import render_page

UNPROCESSABLE, TOO_MANY = 422, 429
TOO_OFTEN = "too often"
KeyView = Callable[[SignedInRequest, Key], HttpResponseBase]


def of_ones_own(view: KeyView) -> Callable[..., HttpResponseBase]:
    """For views of one key: it is passed in, and is not there for anybody but its owner."""

    @signed_in
    @wraps(view)
    def guarded(request: SignedInRequest, uid: uuid.UUID) -> HttpResponseBase:
        keys = Key.objects.select_related("workspace__team", "owner")
        return view(request, get_object_or_404(keys, uid=uid, owner=request.user))

    return guarded


def changing(view: KeyView) -> Callable[..., HttpResponseBase]:
    """As `of_ones_own`, for views that a team may demand a second factor for."""

    @of_ones_own
    @wraps(view)
    def guarded(request: SignedInRequest, key: Key) -> HttpResponseBase:
        mfa.demand(request, request.user, key.workspace.team)
        return view(request, key)

    return guarded


@signed_in
@sensitive_post_parameters("secret")
def list_(request: SignedInRequest) -> HttpResponseBase:
    """One's keys, and the form that adds one."""
    if request.method == "POST":
        return add(request)
    keys = Key.objects.filter(owner=request.user).select_related("workspace__team")
    form = AddKey(person=request.user, initial=request.GET.dict())
    may_add = workspaces_to_add_to(request.user).exists()
    context = {"keys": keys, "form": form, "may_add": may_add}
    return render_page(request, "keys/list.html", context)


@signed_in
@confirmed
@sensitive_post_parameters("secret")
def add(request: SignedInRequest) -> HttpResponse:
    initial = {"workspace": request.GET.get("workspace", "")}
    form = AddKey(request.POST or None, person=request.user, initial=initial)
    if form.is_valid():
        given = form.cleaned_data
        mfa.demand(request, request.user, given["workspace"].team)
        key = _kept(
            request,
            form,
            lambda: actions.add(
                **given,
                owner=request.user,
                by=_actor(request, given["workspace"]),
                now=timezone.now(),
            ),
        )
        if key is not None:
            messages.success(request, f"Key “{key.name}” added.")
            return redirect(key)
    return _form_page(request, "keys/add.html", form)


@of_ones_own
def detail(request: SignedInRequest, key: Key) -> HttpResponse:
    context = {
        "key": key,
        "scopes": capabilities.scopes(key),
        "newer_routes": capabilities.newer_routes(key),
    }
    return render_page(request, "keys/detail.html", context)


@changing
@require_POST
def check(request: SignedInRequest, key: Key) -> HttpResponse:
    try:
        actions.recheck(key=key, by=_actor(request, key.workspace), now=timezone.now())
    except LoopsError as error:
        messages.error(request, f"The key could not be checked. {error.plain}")
    else:
        if key.is_healthy:
            messages.success(request, "The API accepts this key.")
        else:
            messages.error(request, key.state_reason)
    return redirect(key)


@changing
@confirmed
@sensitive_post_parameters("secret")
def replace(request: SignedInRequest, key: Key) -> HttpResponse:
    by = _actor(request, key.workspace)
    _require_add_key(request, by)
    form = ReplaceKey(request.POST or None)
    if form.is_valid():
        secret = form.cleaned_data["secret"]
        kept = _kept(
            request,
            form,
            lambda: actions.replace(key=key, secret=secret, by=by, now=timezone.now()),
        )
        if kept is not None:
            messages.success(request, f"Key “{key.name}” replaced.")
            return redirect(key)
    return _form_page(request, "keys/replace.html", form, key=key)


@changing
@require_POST
@confirmed
def share(request: SignedInRequest, key: Key) -> HttpResponse:
    """Whoever may no longer add keys may still stop sharing theirs."""
    by, shared = _actor(request, key.workspace), request.POST.get("shared") == "on"
    if shared:
        _require_add_key(request, by)
    actions.share(key=key, shared=shared, by=by, now=timezone.now())
    return redirect(key)


@changing
@confirmed
def remove(request: SignedInRequest, key: Key) -> HttpResponse:
    if request.method != "POST":
        return render_page(request, "keys/remove.html", {"key": key})
    actions.remove(key=key, by=_actor(request, key.workspace), now=timezone.now())
    messages.success(request, f"Key “{key.name}” removed.")
    return redirect("keys:list")


def _actor(request: SignedInRequest, workspace: Workspace) -> Actor:
    role = Membership.objects.filter(team__workspaces=workspace, user=request.user)
    held = role.values_list("role", flat=True).first()
    return actor(request, workspace=workspace.slug, role=held or "")


def _require_add_key(request: SignedInRequest, by: Actor) -> None:
    if by["role"] not in roles_with(Permission.ADD_KEY):
        raise denials.refuse(request, Permission.ADD_KEY, by=by)


def _kept(request: SignedInRequest, form: forms.Form, keep: Callable[[], Key]) -> Key | None:
    """The key, or None with the reason at the field it is about."""
    try:
        rate_limits.take(request, "try_key")
        return keep()
    except rate_limits.TooOften as error:
        form.add_error("secret", forms.ValidationError(str(error), code=TOO_OFTEN))
    except actions.AnotherApi as error:
        form.add_error("api_url", str(error))
    except actions.DuplicateKey as error:
        form.add_error("secret", str(error))
    except Unauthorized as error:
        form.add_error("secret", actions.refusal(error))
    except KeyUnusable as error:
        form.add_error(None, str(error))
    except LoopsError as error:
        form.add_error(None, f"{error.plain} Nothing was stored.")
    return None


def _form_page(
    request: SignedInRequest, template: str, form: forms.Form, **context: object
) -> HttpResponse:
    if form.errors and "secret" not in form.errors:
        form.add_error("secret", PASTE_AGAIN)
    status = UNPROCESSABLE if form.errors else 200
    if form.has_error("secret", TOO_OFTEN):
        status = TOO_MANY
    return render_page(request, template, {"form": form, **context}, status=status)
