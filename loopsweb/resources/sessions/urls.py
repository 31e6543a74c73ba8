from __future__ import annotations

from django.urls import path

from loopsweb.resources.sessions import creation_views, views

app_name = "sessions"
urlpatterns = [
    path("", views.list_sessions, name="list"),
    path("new/", creation_views.create_session, name="create"),
    path("enter/", creation_views.add_session, name="enter"),
    path("<remote_id:remote_id>/", views.show_session, name="detail"),
]
