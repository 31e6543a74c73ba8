"""Whether this site can send email, links in it, and password resets. Without a mail server,
messages would end up in the log, where secrets must not appear."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from loopsweb.ui.pages import render_page
from loopsweb.ui.site_url import is_site_url_known

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def is_email_configured() -> bool:
    return not settings.EMAIL_BACKEND.endswith(".console.EmailBackend")


def can_mail_links(request: HttpRequest) -> bool:
    return is_email_configured() and is_site_url_known(request)


def can_reset_passwords(request: HttpRequest) -> bool:
    return can_mail_links(request) and not settings.LOOPSWEB_SSO_ONLY


def require_password_reset(view: View[P]) -> View[P]:
    """For the password reset views, which send a link that is as good as the password."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if can_reset_passwords(request):
            return view(request, *args, **kwargs)
        status = HTTPStatus.FORBIDDEN if request.method == "POST" else HTTPStatus.OK
        context = {
            "is_sso_only": settings.LOOPSWEB_SSO_ONLY,
            "is_email_configured": is_email_configured(),
        }
        return render_page(request, "account/password_reset_closed.html", context, status=status)

    return guarded
