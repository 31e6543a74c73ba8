from __future__ import annotations

from django.urls import path, re_path

from loopsweb.json_api import deactivation, plan, views
from loopsweb.json_api.schemas import RESOURCES
from loopsweb.resources.deactivations.targets import KINDS

app_name = "api"
urlpatterns = [
    path("openapi.json", views.openapi, name="openapi"),
    *(
        path(f"w/<slug:workspace>/{name}/", views.list_, {"resource_name": name}, name=name)
        for name in RESOURCES
    ),
    path(
        "w/<slug:workspace>/checkpoints/plan/",
        plan.show_plan,
        {"resource_name": plan.NAME},
        name=plan.NAME,
    ),
    *(
        path(
            f"w/<slug:workspace>/{kind.plural}/<remote_id:remote_id>/deactivation/",
            deactivation.deactivate,
            {"kind": kind},
            name=f"{kind.noun}_deactivation",
        )
        for kind in KINDS.values()
    ),
    re_path(r"^(?P<rest>[\s\S]*)$", views.not_found),
]
