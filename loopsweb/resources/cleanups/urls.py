from __future__ import annotations

from django.urls import path

from loopsweb.resources.cleanups import views

app_name = "cleanups"
urlpatterns = [
    path("checkpoints/plan/", views.show_plan, name="plan"),
]
