from __future__ import annotations

from django.urls import path, re_path

from loopsweb.json_api import views
from loopsweb.json_api.nouns import NOUNS

app_name = "api"
urlpatterns = [
    path("openapi.json", views.openapi, name="openapi"),
    *(
        path(f"w/<slug:workspace>/{noun}/", views.list_, {"noun": noun}, name=noun)
        for noun in NOUNS
    ),
    re_path(r"^(?P<rest>[\s\S]*)$", views.nothing),
]
