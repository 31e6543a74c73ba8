from __future__ import annotations

from django.urls import path

from loopsweb.resources.samplers import creation_views, views

app_name = "samplers"
urlpatterns = [
    path("", views.list_, name="list"),
    path("new/", creation_views.create, name="create"),
    path("<remote_id:remote_id>/", views.detail, name="detail"),
]
