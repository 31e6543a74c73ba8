from __future__ import annotations

from django.urls import path, register_converter

from loopsweb.resources.deactivations.targets import KINDS, Kind
from loopsweb.resources.deactivations.views import (
    batches,
    deactivation,
    policy,
    protection,
    requests,
)


class KindConverter:
    """deployments, runs or samplers."""

    regex = "|".join(kind.plural for kind in KINDS.values())

    def to_python(self, value: str) -> Kind:
        return next(kind for kind in KINDS.values() if kind.plural == value)

    def to_url(self, value: Kind | str) -> str:
        return value.plural if isinstance(value, Kind) else value


register_converter(KindConverter, "ending")
app_name = "deactivations"
urlpatterns = [
    path("deactivations/", requests.list_requests, name="list"),
    path("deactivations/<uuid:incident>/", requests.show_request, name="detail"),
    path("deactivations/<uuid:incident>/approval/", requests.approve, name="approval"),
    path("deactivations/<uuid:incident>/refusal/", requests.decline, name="refusal"),
    path("deactivations/<uuid:incident>/withdrawal/", requests.withdraw, name="withdrawal"),
    path("deactivations/batches/<uuid:batch>/", batches.show_batch, name="batch"),
    path("deactivations/batches/<uuid:batch>/stop/", batches.withdraw_batch, name="stop"),
    path("<ending:kind>/deactivations/", batches.preview_batch, name="bulk"),
    path("<ending:kind>/<remote_id:remote_id>/deactivation/", deactivation.deactivate, name="new"),
    path(
        "<ending:kind>/<remote_id:remote_id>/protection/",
        protection.change_protection,
        name="protection",
    ),
]
team_urlpatterns = [
    path("<int:team>/deactivation-policy/", policy.edit_policy, name="edit"),
]
