from __future__ import annotations

from django.urls import path, re_path

from loopsweb.json_api import views
from loopsweb.json_api.nouns import NOUNS

app_name = "api"
urlpatterns = [
    path("openapi.json", views.openapi, name="openapi"),
    re_path(
        rf"^w/(?P<workspace>[-a-zA-Z0-9_]+)/(?P<noun>{'|'.join(NOUNS)})/$", views.list_, name="list"
    ),
    re_path(r"^(?P<rest>[\s\S]*)$", views.nothing),
]
