from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from loopsweb.accounts.authorization.decorators import signed_in


@signed_in
def bare(request: HttpRequest, size: int) -> HttpResponse:
    """As many bytes as asked for, for whoever is signed in: session and user, and nothing else."""
    return HttpResponse(b"x" * size, status=200 if size else 204)


urlpatterns = [path("bare/<int:size>/", bare), path("", include("loopsweb.urls"))]
