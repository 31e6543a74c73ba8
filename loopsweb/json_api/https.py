"""Refuses the JSON API over http: after a redirect, scripts would go on sending tokens in clear."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from loopsweb.json_api.problems import Problem

USE_HTTPS = (
    "Use https://. If you sent an access token, it travelled unencrypted: revoke it in loopsweb "
    "under Access tokens and create another."
)


class ApiHttpsMiddleware(MiddlewareMixin):
    """Before the middleware that redirects to https."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        is_api = request.path.lstrip("/").partition("/")[0] == "api"
        if settings.SECURE_SSL_REDIRECT and is_api and not request.is_secure():
            return Problem(HTTPStatus.FORBIDDEN, USE_HTTPS).to_response()
        return None
