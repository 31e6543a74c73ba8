"""Sign-in and what surrounds it. Of allauth's pages, those that would let people change the email
they are known by are closed."""

from __future__ import annotations

from django.urls import include, path

from loopsweb.accounts.invitations import views as invitations
from loopsweb.accounts.sessions import views as sessions
from loopsweb.accounts.views import closed, second_factor

urlpatterns = [
    path("email/", closed),
    path("confirm-email/", closed),
    path("confirm-email/<str:key>/", closed),
    path("sessions/", sessions.list_, name="sessions_of_person"),
    path("sessions/end-others/", sessions.end_others, name="end_other_sessions"),
    path("sessions/<int:session>/end/", sessions.end, name="end_session"),
    path("second-factor/", second_factor, name="second_factor"),
    path("invitations/<str:token>/", invitations.accept, name="invitation"),
    path("", include("allauth.urls")),
]
