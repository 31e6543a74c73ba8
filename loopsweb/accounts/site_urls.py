"""Sign-in and what surrounds it. Of allauth's pages, those that would let people change the email
they are known by are closed."""

from __future__ import annotations

from django.urls import include, path

from loopsweb.accounts.invitations import views as invitations
from loopsweb.accounts.views import closed

urlpatterns = [
    path("email/", closed),
    path("confirm-email/", closed),
    path("confirm-email/<str:key>/", closed),
    path("invitations/<str:token>/", invitations.accept, name="invitation"),
    path("", include("allauth.urls")),
]
