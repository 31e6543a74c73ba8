"""Whether email leaves this loopsweb. Without a mail server it would end in the log, where secrets
must not stand."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from loopsweb.ui.pages import render_page

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def email_is_sent() -> bool:
    return not settings.EMAIL_BACKEND.endswith(".console.EmailBackend")


def only_with_email(view: View[P]) -> View[P]:
    """For the pages of a password's reset, whose link is as good as the password."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if email_is_sent():
            return view(request, *args, **kwargs)
        status = 403 if request.method == "POST" else 200
        return render_page(request, "account/password_reset_closed.html", {}, status=status)

    return guarded
