from __future__ import annotations

from django.urls import path

from loopsweb.resources.rates.views import edit_rates

urlpatterns = [path("rates/", edit_rates, name="rates")]
