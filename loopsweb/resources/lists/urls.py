from __future__ import annotations

from django.urls import path

from loopsweb.resources.lists import views

app_name = "lists"
urlpatterns = [
    path("<slug:listed>/columns/", views.choose_columns, name="columns"),
    path("<slug:listed>/views/", views.list_views, name="views"),
    path("<slug:listed>/views/<int:view>/name/", views.rename_view, name="rename"),
    path("<slug:listed>/views/<int:view>/deletion/", views.delete_view, name="delete"),
]
