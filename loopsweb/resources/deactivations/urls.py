from __future__ import annotations

from django.urls import path, register_converter

from loopsweb.resources.deactivations import bulk_views, decision_views, policy_views, views
from loopsweb.resources.deactivations.targets import KINDS, Kind


class Ending:
    """deployments, runs or samplers."""

    regex = "|".join(kind.plural for kind in KINDS.values())

    def to_python(self, value: str) -> Kind:
        return KINDS[value.removesuffix("s")]

    def to_url(self, value: Kind | str) -> str:
        return value.plural if isinstance(value, Kind) else value


register_converter(Ending, "ending")
app_name = "deactivations"
urlpatterns = [
    path("deactivations/", decision_views.list_, name="list"),
    path("deactivations/<uuid:incident>/", decision_views.detail, name="detail"),
    path("deactivations/<uuid:incident>/approval/", decision_views.approval, name="approval"),
    path("deactivations/<uuid:incident>/refusal/", decision_views.refusal, name="refusal"),
    path("deactivations/<uuid:incident>/withdrawal/", decision_views.withdrawal, name="withdrawal"),
    path("deactivations/batches/<uuid:batch>/", bulk_views.detail, name="batch"),
    path("deactivations/batches/<uuid:batch>/stop/", bulk_views.stop, name="stop"),
    path("<ending:kind>/deactivations/", bulk_views.new, name="bulk"),
    path("<ending:kind>/<remote_id:remote_id>/deactivation/", views.new, name="new"),
    path(
        "<ending:kind>/<remote_id:remote_id>/protection/",
        policy_views.protection,
        name="protection",
    ),
]
