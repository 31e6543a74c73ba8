from __future__ import annotations

from django.urls import path, register_converter

from loopsweb.resources.deactivations import views
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
    path("<ending:kind>/<remote_id:remote_id>/deactivation/", views.new, name="new"),
]
