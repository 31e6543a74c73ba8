"""Errors that views of the JSON API raise."""

from __future__ import annotations

from http import HTTPStatus

from django.http import JsonResponse

from loopsweb.ui.problems import render_problem

SECONDS_TO_WAIT = 60


class Problem(Exception):
    """Raised inside an API view; `api_view` turns it into a response."""

    def __init__(self, status: HTTPStatus, detail: str, *, allow: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail, self.allow = status, detail, allow

    def to_response(self) -> JsonResponse:
        response = render_problem(self.status, self.detail)
        if self.status == HTTPStatus.UNAUTHORIZED:
            response["WWW-Authenticate"] = 'Bearer realm="loopsweb"'
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            response["Retry-After"] = str(SECONDS_TO_WAIT)
        if self.allow:
            response["Allow"] = self.allow
        return response
