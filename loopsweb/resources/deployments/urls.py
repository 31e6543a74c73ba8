from __future__ import annotations

from django.urls import path

from loopsweb.resources.deployments import views

app_name = "deployments"
urlpatterns = [
    path("", views.list_deployments, name="list"),
    path("<remote_id:remote_id>/", views.show_deployment, name="detail"),
]
