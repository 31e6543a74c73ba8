from __future__ import annotations

from django.urls import path

from loopsweb.resources.runs import creation_views, views

app_name = "runs"
urlpatterns = [
    path("", views.list_runs, name="list"),
    path("new/", creation_views.create_run, name="create"),
    path("<remote_id:remote_id>/", views.show_run, name="detail"),
]
