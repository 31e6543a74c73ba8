from __future__ import annotations

from django.urls import path

from loopsweb.resources.cleanups import pin_views, request_views, views

app_name = "cleanups"
urlpatterns = [
    path("checkpoints/plan/", views.show_plan, name="plan"),
    path("checkpoints/plan/request/", request_views.request_cleanup, name="request"),
    path("checkpoints/<remote_id:remote_id>/pin/", pin_views.change_pin, name="pin"),
    path("cleanups/<uuid:cleanup>/", request_views.show_cleanup, name="detail"),
    path("cleanups/<uuid:cleanup>/withdrawal/", request_views.withdraw, name="withdraw"),
]
