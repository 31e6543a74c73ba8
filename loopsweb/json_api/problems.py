"""Errors as problem JSON (RFC 9457)."""

from __future__ import annotations

from http import HTTPStatus

from django.http import JsonResponse

MEDIA_TYPE = "application/problem+json"
SECONDS_TO_WAIT = 60


class Problem(Exception):
    """Raised inside an API view; `api_view` turns it into a response."""

    def __init__(self, status: HTTPStatus, detail: str, *, allow: str = "") -> None:
        super().__init__(detail)
        self.status, self.detail, self.allow = status, detail, allow

    def to_response(self) -> JsonResponse:
        body = {"type": "about:blank", "title": self.status.phrase, "status": self.status}
        response = JsonResponse(
            {**body, "detail": self.detail}, status=self.status, content_type=MEDIA_TYPE
        )
        if self.status == HTTPStatus.UNAUTHORIZED:
            response["WWW-Authenticate"] = 'Bearer realm="loopsweb"'
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            response["Retry-After"] = str(SECONDS_TO_WAIT)
        if self.allow:
            response["Allow"] = self.allow
        return response
