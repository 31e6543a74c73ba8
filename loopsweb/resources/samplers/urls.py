from __future__ import annotations

from django.urls import path

from loopsweb.resources.samplers import creation_views, views

app_name = "samplers"
urlpatterns = [
    path("", views.list_samplers, name="list"),
    path("new/", creation_views.create_sampler, name="create"),
    path("<remote_id:remote_id>/", views.show_sampler, name="detail"),
]
