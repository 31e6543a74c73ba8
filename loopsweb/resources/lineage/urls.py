from __future__ import annotations

from django.urls import path

from loopsweb.resources.lineage import views

urlpatterns = [path("<remote_id:remote_id>/lineage/", views.show_lineage, name="run-lineage")]
