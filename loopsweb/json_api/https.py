"""Refuses the JSON API over http: after a redirect, scripts would go on sending tokens in clear."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from loopsweb.ui.problems import is_api_request, render_problem

USE_HTTPS = (
    "Use https://. If you sent an access token, it travelled unencrypted: revoke it in loopsweb "
    "under Access tokens and create another."
)


class ApiHttpsMiddleware(MiddlewareMixin):
    """Before the middleware that redirects to https."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        is_http = settings.SECURE_SSL_REDIRECT and not request.is_secure()
        if is_http and is_api_request(request):
            return render_problem(HTTPStatus.FORBIDDEN, USE_HTTPS)
        return None
