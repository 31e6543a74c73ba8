from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from loopsweb.accounts.authorization.decorators import signed_in


@signed_in
def bare(request: HttpRequest, size: int) -> HttpResponse:
    """Returns `size` bytes to a signed-in person, with session and user loaded."""
    return HttpResponse(b"x" * size, status=200 if size else 204)


urlpatterns = [path("bare/<int:size>/", bare), path("", include("loopsweb.urls"))]
