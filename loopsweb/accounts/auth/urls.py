"""URLs under /accounts/. They replace some of allauth's pages: an email cannot be changed, a
password reset needs a mail server, setting a first password needs reauthentication, and the
parameters sent to an identity provider are fixed."""

from __future__ import annotations

from allauth.account.views import password_reset, password_reset_from_key, password_set
from allauth.socialaccount.providers.openid_connect.views import login as oidc_login
from django.contrib.auth.decorators import login_required
from django.urls import include, path, re_path

from loopsweb.accounts.auth.browser_sessions import views as sessions
from loopsweb.accounts.auth.email_settings import require_password_reset
from loopsweb.accounts.auth.oidc_reauthentication import leave_by_page, restrict_auth_params
from loopsweb.accounts.auth.reauthentication import require_reauthentication
from loopsweb.accounts.auth.views import (
    cancel_kept_form,
    explain_required_mfa,
    offer_kept_form,
    refuse_email_change,
)
from loopsweb.accounts.invitations import views as invitations

urlpatterns = [
    path("email/", refuse_email_change),
    path("confirm-email/", refuse_email_change),
    path("confirm-email/<str:key>/", refuse_email_change),
    path("sessions/", sessions.list_sessions, name="sessions_of_person"),
    path("sessions/end-others/", sessions.end_other_sessions, name="end_other_sessions"),
    path("sessions/<int:session>/end/", sessions.end_session, name="end_session"),
    path("form/<uuid:form>/", offer_kept_form, name="kept_form"),
    path("form/<uuid:form>/cancel/", cancel_kept_form, name="cancel_kept_form"),
    path("second-factor/", explain_required_mfa, name="second_factor"),
    path("invitations/<str:token>/", invitations.accept_invitation, name="invitation"),
    path(
        "password/set/",
        login_required(require_reauthentication(password_set)),
        name="account_set_password",
    ),
    path("password/reset/", require_password_reset(password_reset), name="account_reset_password"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        require_password_reset(password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path("oidc/<str:provider_id>/login/", leave_by_page(restrict_auth_params(oidc_login))),
    path("", include("allauth.urls")),
]
