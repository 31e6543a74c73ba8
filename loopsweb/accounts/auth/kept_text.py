"""What was typed into a form that was not carried out: it is in the form again.

Of one that was sent after the session had ended, only fields on a list of ours are kept, for an
hour, in the anonymous session that signs in. Of one whose person cancelled the confirmation, all
but secrets, and what confirms: that is typed anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, resolve_url
from django.utils.http import urlencode

from loopsweb.accounts import rate_limits
from loopsweb.accounts.auth.form_words import UNSEEN
from loopsweb.accounts.auth.kept_form import KeptForm
from loopsweb.accounts.auth.reauthentication import referring_path
from loopsweb.ui.forms import fill_forms
from loopsweb.ui.middleware import is_redirect_to

KEY = "typed_text"
FIELDS = ("reason", "note")
CONFIRMS = "typed"
MAX_LENGTH = 1000
HOUR = 3600
UNKNOWN_PAGE = "/"  # of a browser that does not say where the form was
NOTHING_DONE = "You were signed out before you sent the form. Nothing was done."


def find_kept_text(request: HttpRequest, *, action: str = "") -> dict[str, str]:
    """The last value of each field that was typed on this page. action: the path that takes its
    form; "" for any.

    Error pages call this too, some before the session is there.
    """
    kept = find_kept(request)
    if not kept or (action and kept["action"] != action):
        return {}
    return {name: values[-1] for name, values in kept["fields"].items() if values}


def find_kept(request: HttpRequest) -> dict[str, Any]:
    kept = getattr(request, "session", {}).get(KEY)
    if not kept or kept["page"] != request.path or time.time() >= kept["until"]:
        return {}
    return dict(kept)


def find_own_fields(request: HttpRequest) -> dict[str, list[str]]:
    """Of the form that the page itself takes. Others ask for theirs by `action`."""
    kept = find_kept(request)
    return dict(kept["fields"]) if kept.get("action") == request.path else {}


def keep_typed_fields(request: HttpRequest, form: KeptForm) -> None:
    """For the page that the form was on, which its person goes back to."""
    sent = QueryDict(form.fields).lists()
    fields = {name: list(values) for name, values in sent if name not in UNSEEN | {CONFIRMS}}
    keep(request, action=form.action, page=form.back, fields=fields)


def keep(request: HttpRequest, *, action: str, page: str, fields: dict[str, list[str]]) -> None:
    """action, page: the paths that take the form and that it was on, with their queries."""
    places = {"action": urlsplit(action).path, "page": urlsplit(page).path}
    request.session[KEY] = {**places, "fields": fields, "until": time.time() + HOUR}


class KeptTextMiddleware:
    """Sends people who submit a form without a session to sign in, and then back to its page. Its
    forms have again what was typed, until another form is sent."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            with fill_forms(find_own_fields(request)):
                return self.get_response(request)
        kept = request.session.get(KEY)
        response = self.get_response(request)
        if request.had_session and kept and request.session.get(KEY) == kept:  # type: ignore[attr-defined]
            del request.session[KEY]
        login = resolve_url(settings.LOGIN_URL)
        query = urlsplit(response.get("Location", "")).query
        leads_back = parse_qs(query).get("next") == [request.get_full_path()]
        if not (is_redirect_to(response, login) and leads_back):
            return response  # a view did something, and said where to
        back = referring_path(request)
        messages.warning(request, " ".join([NOTHING_DONE, *self.keep_reason(request, back)]))
        return redirect(f"{login}?{urlencode({'next': back})}")

    def keep_reason(self, request: HttpRequest, back: str) -> list[str]:
        """Return what to tell about it."""
        sent = {name: request.POST.get(name, "")[:MAX_LENGTH] for name in FIELDS}
        fields = {name: [text] for name, text in sent.items() if text}
        if (
            not fields
            or back == UNKNOWN_PAGE
            or not rate_limits.consume_rate_limit(request, "keep_text")
        ):
            return []
        keep(request, action=request.path, page=back, fields=fields)
        request.session.set_expiry(HOUR)
        return ["The reason you typed is in the form again once you have signed in."]
