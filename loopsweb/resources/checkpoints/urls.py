from __future__ import annotations

from django.urls import path

from loopsweb.resources.checkpoints import files, views

app_name = "checkpoints"
urlpatterns = [
    path("", views.list_, name="list"),
    path("<remote_id:remote_id>/", views.detail, name="detail"),
    path("<remote_id:remote_id>/files/", files.files, name="files"),
    path("<remote_id:remote_id>/files/download/", files.download, name="download"),
]
