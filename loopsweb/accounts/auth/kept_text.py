"""A reason that was sent after the session had ended: it is in the form again after sign-in.

Only fields on a list of ours are kept, for an hour, in the anonymous session that signs in.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import urlencode

from loopsweb.accounts import rate_limits
from loopsweb.accounts.auth.reauthentication import referring_path
from loopsweb.ui.middleware import is_redirect_to

KEY = "kept_text"
FIELDS = ("reason", "note")
MAX_LENGTH = 1000
HOUR = 3600
UNKNOWN_PAGE = "/"  # of a browser that does not say where the form was
NOTHING_DONE = "You were signed out before you sent the form. Nothing was done."


def find_kept_text(request: HttpRequest) -> dict[str, str]:
    """The fields that were typed on this page, to fill its forms with.

    Error pages call this too, some before the session is there.
    """
    kept = getattr(request, "session", {}).get(KEY)
    return dict(kept["fields"]) if kept and kept["page"] == request.path else {}


class KeptTextMiddleware(MiddlewareMixin):
    """Sends people who submit a form without a session to sign in, and then back to its page."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if request.method != "POST":
            return response
        if request.had_session and KEY in request.session:  # type: ignore[attr-defined]
            del request.session[KEY]
        login = resolve_url(settings.LOGIN_URL)
        query = urlsplit(response.get("Location", "")).query
        leads_back = parse_qs(query).get("next") == [request.get_full_path()]
        if not (is_redirect_to(response, login) and leads_back):
            return response  # a view did something, and said where to
        back = referring_path(request)
        messages.warning(request, " ".join([NOTHING_DONE, *self.keep(request, back)]))
        return redirect(f"{login}?{urlencode({'next': back})}")

    def keep(self, request: HttpRequest, back: str) -> list[str]:
        """Return what to tell about it."""
        sent = {name: request.POST.get(name, "")[:MAX_LENGTH] for name in FIELDS}
        fields = {name: text for name, text in sent.items() if text}
        if (
            not fields
            or back == UNKNOWN_PAGE
            or not rate_limits.consume_rate_limit(request, "keep_text")
        ):
            return []
        request.session[KEY] = {"page": urlsplit(back).path, "fields": fields}
        request.session.set_expiry(HOUR)
        return ["The reason you typed is in the form again once you have signed in."]
