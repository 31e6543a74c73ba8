"""All URLs of the site. Only urls modules import views."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from loopsweb.resources.deactivations.urls import team_urlpatterns

admin.site.site_header = admin.site.site_title = "loopsweb"
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", include("loopsweb.dashboard.site_urls")),
    path("w/<slug:workspace>/", include("loopsweb.dashboard.urls")),
    path("w/<slug:workspace>/", include("loopsweb.resources.urls")),
    path("keys/", include("loopsweb.keys.urls")),
    path("teams/", include((team_urlpatterns, "policy"))),
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
