from __future__ import annotations

from django.urls import path

from loopsweb.snippets import views

urlpatterns = [path("w/<slug:workspace>/request/", views.show_snippets, name="snippets")]
