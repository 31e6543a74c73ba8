"""Under /teams/."""

from __future__ import annotations

from django.urls import path

from loopsweb.resources.deactivations import policy_views

app_name = "policy"
urlpatterns = [path("<int:team>/deactivation-policy/", policy_views.policy, name="edit")]
