from __future__ import annotations

from django.urls import path

from loopsweb.keys import views

app_name = "keys"
urlpatterns = [
    path("", views.list_, name="list"),
    path("add/", views.add, name="add"),
    path("<uuid:uid>/", views.detail, name="detail"),
    path("<uuid:uid>/check/", views.check, name="check"),
    path("<uuid:uid>/replace/", views.replace, name="replace"),
    path("<uuid:uid>/share/", views.share, name="share"),
    path("<uuid:uid>/remove/", views.remove, name="remove"),
]
