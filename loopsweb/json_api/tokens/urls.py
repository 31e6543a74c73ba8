from __future__ import annotations

from django.urls import path

from loopsweb.json_api.tokens import views

app_name = "tokens"
urlpatterns = [
    path("", views.list_, name="list"),
    path("make/", views.create, name="make"),
    path("<int:token>/revocation/", views.revoke, name="revoke"),
]
team_urlpatterns = [
    path("<int:team>/tokens/", views.list_team_tokens, name="list"),
    path("<int:team>/tokens/<int:token>/revocation/", views.revoke_team_token, name="revoke"),
]
