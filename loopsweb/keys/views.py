"""Pages for a person's own keys."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial, wraps
from http import HTTPStatus

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
from loopsweb.accounts.auth.reauthentication import (
    require_reauthentication,
    without_reauthentication,
)
from loopsweb.accounts.authorization import denials
from loopsweb.accounts.authorization.actors import actor_in_workspace
from loopsweb.accounts.authorization.decorators import SignedInRequest, signed_in
from loopsweb.accounts.authorization.roles import Permission, list_roles_with
from loopsweb.audit.record import Actor
from loopsweb.keys import actions, capabilities
from loopsweb.keys.clients import KeyUnusable
from loopsweb.keys.forms import PASTE_AGAIN, AddKeyForm, ReplaceKeyForm, list_workspaces_for_keys
from loopsweb.keys.models import Key
from loopsweb.loops_api.errors import LoopsError, Unauthorized
from loopsweb.ui.pages import render_page

TOO_OFTEN = "too often"
KeyView = Callable[[SignedInRequest, Key], HttpResponseBase]
ActingKeyView = Callable[[SignedInRequest, Key, Actor], HttpResponseBase]


def require_own_key(view: KeyView) -> Callable[..., HttpResponseBase]:
    """Pass the key to the view. Anyone but its owner gets 404."""

    @signed_in
    @wraps(view)
    def guarded(request: SignedInRequest, uid: uuid.UUID) -> HttpResponseBase:
        keys = Key.objects.select_related("workspace__team", "owner")
        return view(request, get_object_or_404(keys, uid=uid, owner=request.user))

    return guarded


def require_own_key_and_mfa(view: ActingKeyView) -> Callable[..., HttpResponseBase]:
    """Like `require_own_key`, require MFA if the team does, and pass the audit actor too."""

    @require_own_key
    @wraps(view)
    def guarded(request: SignedInRequest, key: Key) -> HttpResponseBase:
        mfa.require_mfa(request, request.user, key.workspace.team)
        return view(request, key, actor_in_workspace(request, key.workspace, person=request.user))

    return guarded


@signed_in
@sensitive_post_parameters("secret")
def list_(request: SignedInRequest) -> HttpResponseBase:
    if request.method == "POST":
        return add(request)
    context = {
        "keys": Key.objects.filter(owner=request.user).select_related("workspace__team"),
        "form": AddKeyForm(person=request.user, initial=request.GET.dict()),
        "may_add": list_workspaces_for_keys(request.user).exists(),
    }
    return render_page(request, "keys/list.html", context)


@signed_in
@require_reauthentication
@sensitive_post_parameters("secret")
def add(request: SignedInRequest) -> HttpResponse:
    initial = {"workspace": request.GET.get("workspace", "")}
    form = AddKeyForm(request.POST or None, person=request.user, initial=initial)
    if form.is_valid():
        given, owner = form.cleaned_data, request.user
        mfa.require_mfa(request, owner, given["workspace"].team)
        by = actor_in_workspace(request, given["workspace"], person=owner)
        save = partial(actions.add, **given, owner=owner, by=by, now=timezone.now())
        if key := _try_saving(request, form, save):
            messages.success(request, f"Key “{key.name}” added.")
            return redirect(key)
    return _render_form(request, "keys/add.html", form)


@require_own_key
def detail(request: SignedInRequest, key: Key) -> HttpResponse:
    context = {
        "key": key,
        "scopes": capabilities.list_scopes(key),
        "newer_routes": capabilities.list_newer_routes(key),
    }
    return render_page(request, "keys/detail.html", context)


@require_own_key_and_mfa
@require_POST
@without_reauthentication("It only asks the API again.")
def check(request: SignedInRequest, key: Key, by: Actor) -> HttpResponse:
    try:
        actions.recheck(key=key, by=by, now=timezone.now())
    except LoopsError as error:
        messages.error(request, f"The key could not be checked. {error.plain}")
    except KeyUnusable as error:
        messages.error(request, str(error))
    else:
        if key.is_healthy:
            messages.success(request, "The API accepts this key.")
        else:
            messages.error(request, key.state_reason)
    return redirect(key)


@require_own_key_and_mfa
@require_reauthentication
@sensitive_post_parameters("secret")
def replace(request: SignedInRequest, key: Key, by: Actor) -> HttpResponse:
    _require_add_key(request, by)
    form = ReplaceKeyForm(request.POST or None)
    if form.is_valid():
        save = partial(actions.replace, **form.cleaned_data, key=key, by=by, now=timezone.now())
        if _try_saving(request, form, save):
            messages.success(request, f"Key “{key.name}” replaced.")
            return redirect(key)
    return _render_form(request, "keys/replace.html", form, key=key)


@require_own_key_and_mfa
@require_POST
def share(request: SignedInRequest, key: Key, by: Actor) -> HttpResponse:
    """Stopping to share needs no permission to add keys."""
    shared = request.POST.get("shared") == "on"
    if shared:
        _require_add_key(request, by)
    actions.share(key=key, shared=shared, by=by, now=timezone.now())
    return redirect(key)


@require_own_key_and_mfa
@require_reauthentication
def remove(request: SignedInRequest, key: Key, by: Actor) -> HttpResponse:
    if request.method != "POST":
        return render_page(request, "keys/remove.html", {"key": key})
    actions.remove(key=key, by=by, now=timezone.now())
    messages.success(request, f"Key “{key.name}” removed.")
    return redirect("keys:list")


def _require_add_key(request: SignedInRequest, by: Actor) -> None:
    if by["role"] not in list_roles_with(Permission.ADD_KEY):
        raise denials.record_denial(request, Permission.ADD_KEY, noun="key", by=by)


def _try_saving(request: SignedInRequest, form: forms.Form, save: Callable[[], Key]) -> Key | None:
    """Call `save` and return its key, or None after adding the error to the form."""
    try:
        rate_limits.enforce_rate_limit(request, "try_key")
        return save()
    except rate_limits.TooManyAttempts as error:
        form.add_error("secret", forms.ValidationError(str(error), code=TOO_OFTEN))
    except actions.DifferentApi as error:
        form.add_error("api_url", str(error))
    except actions.DuplicateKey as error:
        form.add_error("secret", str(error))
    except Unauthorized as error:
        form.add_error("secret", actions.describe_refusal(error))
    except KeyUnusable as error:
        form.add_error(None, str(error))
    except LoopsError as error:
        form.add_error(None, f"{error.plain} Nothing was stored.")
    return None


def _render_form(
    request: SignedInRequest, template: str, form: forms.Form, **context: object
) -> HttpResponse:
    if form.errors and "secret" not in form.errors:
        form.add_error("secret", PASTE_AGAIN)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    if form.has_error("secret", TOO_OFTEN):
        status = HTTPStatus.TOO_MANY_REQUESTS
    return render_page(request, template, {"form": form, **context}, status=status)
