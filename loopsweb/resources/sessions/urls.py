from __future__ import annotations

from django.urls import path

from loopsweb.resources.sessions import creation_views, views

app_name = "sessions"
urlpatterns = [
    path("", views.list_, name="list"),
    path("new/", creation_views.create, name="create"),
    path("enter/", creation_views.enter, name="enter"),
    path("<remote_id:remote_id>/", views.detail, name="detail"),
]
