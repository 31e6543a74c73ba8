"""All URLs of the site. Only urls modules import views."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from loopsweb.json_api.tokens.urls import team_urlpatterns as team_token_urls
from loopsweb.resources.checkpoints.urls import site_urlpatterns as file_link_urls
from loopsweb.resources.deactivations.urls import team_urlpatterns

workspace_urlpatterns = [
    path("", include("loopsweb.resources.urls")),
    path("", include("loopsweb.dashboard.urls")),
]
urlpatterns = [
    path("w/<slug:workspace>/", include(workspace_urlpatterns)),
    path("", include("loopsweb.dashboard.site_urls")),
    path("downloads/", include((file_link_urls, "downloads"))),
    path("", include("loopsweb.search.urls")),
    path("", include("loopsweb.snippets.urls")),
    path("keys/", include("loopsweb.keys.urls")),
    path("teams/", include((team_urlpatterns, "policy"))),
    path("teams/", include((team_token_urls, "team_tokens"))),
    path("teams/", include("loopsweb.accounts.teams.urls")),
    path("tokens/", include("loopsweb.json_api.tokens.urls")),
    path("api/v1/", include("loopsweb.json_api.urls")),
    path("accounts/", include("loopsweb.accounts.auth.urls")),
    path("admin/", admin.site.urls),
]

handler400 = "loopsweb.ui.errors.bad_request"
handler403 = "loopsweb.ui.errors.forbidden"
handler404 = "loopsweb.ui.errors.not_found"
handler500 = "loopsweb.ui.errors.server_error"
