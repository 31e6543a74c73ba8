from __future__ import annotations

from django.urls import path

from loopsweb.resources.sessions import creation, views

app_name = "sessions"
urlpatterns = [
    path("", views.list_, name="list"),
    path("new/", creation.create, name="create"),
    path("enter/", creation.enter, name="enter"),
    path("<remote_id:remote_id>/", views.detail, name="detail"),
]
