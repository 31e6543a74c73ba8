from __future__ import annotations

from django.urls import path

from loopsweb.accounts.invitations import views as invitations
from loopsweb.accounts.teams import views

app_name = "teams"
urlpatterns = [
    path("", views.list_, name="list"),
    path("new/", views.create, name="create"),
    path("invitations/<int:offer>/acceptance/", invitations.accept_offer, name="accept_offer"),
    path("invitations/<int:offer>/refusal/", invitations.decline_offer, name="decline_offer"),
    path("<int:team>/", views.detail, name="detail"),
    path("<int:team>/name/", views.rename, name="rename"),
    path("<int:team>/policy/", views.policy, name="policy"),
    path("<int:team>/departure/", views.leave, name="leave"),
    path("<int:team>/workspaces/", views.add_workspace, name="add_workspace"),
    path("<int:team>/members/", views.add_member, name="add_member"),
    path("<int:team>/members/<int:member>/role/", views.change_role, name="change_role"),
    path("<int:team>/members/<int:member>/removal/", views.remove_member, name="remove_member"),
    path("<int:team>/invitations/", invitations.invite, name="invite"),
    path(
        "<int:team>/invitations/<int:invitation>/revocation/",
        invitations.revoke,
        name="revoke_invitation",
    ),
]
