from __future__ import annotations

from django.urls import path

from loopsweb.accounts.auth.browser_sessions import views as sessions
from loopsweb.accounts.invitations import views as invitations
from loopsweb.accounts.teams import link_views as links
from loopsweb.accounts.teams import views

app_name = "teams"
urlpatterns = [
    path("", views.list_teams, name="list"),
    path("new/", views.create_team, name="create"),
    path(
        "invitations/<int:offer>/acceptance/",
        invitations.accept_own_invitation,
        name="accept_offer",
    ),
    path(
        "invitations/<int:offer>/refusal/", invitations.decline_own_invitation, name="decline_offer"
    ),
    path("<int:team>/", views.show_team, name="detail"),
    path("<int:team>/name/", views.rename_team, name="rename"),
    path("<int:team>/policy/", views.set_mfa_policy, name="policy"),
    path("<int:team>/departure/", views.leave_team, name="leave"),
    path("<int:team>/workspaces/", views.add_workspace, name="add_workspace"),
    path("<int:team>/members/", views.add_member, name="add_member"),
    path("<int:team>/members/<int:member>/role/", views.change_role, name="change_role"),
    path("<int:team>/members/<int:member>/removal/", views.remove_member, name="remove_member"),
    path("links/revocation/", links.revoke_own_links, name="revoke_own_links"),
    path("<int:team>/links/revocation/", links.revoke_links, name="revoke_links"),
    path("<int:team>/sessions/", sessions.list_member_sessions, name="sessions"),
    path("<int:team>/sessions/<int:session>/end/", sessions.end_member_session, name="end_session"),
    path("<int:team>/invitations/", invitations.invite_member, name="invite"),
    path(
        "<int:team>/invitations/<int:invitation>/revocation/",
        invitations.revoke_invitation,
        name="revoke_invitation",
    ),
]
