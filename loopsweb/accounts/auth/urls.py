"""Sign-in and what surrounds it. Of allauth's pages, those that would let people change the email
they are known by are closed; so is the reset of a password, where no email goes out. A first
password is confirmed like a key, and nobody chooses what we ask a sign-in service."""

from __future__ import annotations

from allauth.account.views import password_reset, password_reset_from_key, password_set
from allauth.socialaccount.providers.openid_connect.views import login as sign_in_elsewhere
from django.contrib.auth.decorators import login_required
from django.urls import include, path, re_path

from loopsweb.accounts.auth.browser_sessions import views as sessions
from loopsweb.accounts.auth.email import only_with_email
from loopsweb.accounts.auth.oidc_reauthentication import only_our_parameters
from loopsweb.accounts.auth.reauthentication import confirmed
from loopsweb.accounts.invitations import views as invitations
from loopsweb.accounts.teams.views import closed, second_factor

urlpatterns = [
    path("email/", closed),
    path("confirm-email/", closed),
    path("confirm-email/<str:key>/", closed),
    path("sessions/", sessions.list_, name="sessions_of_person"),
    path("sessions/end-others/", sessions.end_others, name="end_other_sessions"),
    path("sessions/<int:session>/end/", sessions.end, name="end_session"),
    path("second-factor/", second_factor, name="second_factor"),
    path("invitations/<str:token>/", invitations.accept, name="invitation"),
    path("password/set/", login_required(confirmed(password_set)), name="account_set_password"),
    path("password/reset/", only_with_email(password_reset), name="account_reset_password"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        only_with_email(password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path("oidc/<str:provider_id>/login/", only_our_parameters(sign_in_elsewhere)),
    path("", include("allauth.urls")),
]
