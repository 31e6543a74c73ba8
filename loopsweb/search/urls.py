from __future__ import annotations

from django.urls import path

from loopsweb.search import views

urlpatterns = [
    path("search/", views.search_site, name="search"),
    path("w/<slug:workspace>/search/", views.search_workspace, name="search-workspace"),
]
