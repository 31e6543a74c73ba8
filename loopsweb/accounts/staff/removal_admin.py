"""A list of Django's admin from which staff remove rows of people, each recorded."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from loopsweb.accounts.staff.access import can_change_person
from loopsweb.accounts.teams.audit import record_staff_event
from loopsweb.ui.offered_filters import OfferedFiltersMixin


class RemovalAdmin(OfferedFiltersMixin, admin.ModelAdmin[Any]):
    noun = ""
    search_fields = ["user__email"]
    list_select_related = ["user"]

    def describe(self, obj: Any) -> str:
        """For the audit."""
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = bool(super().has_delete_permission(request, obj))
        return allowed and can_change_person(request, obj and obj.user)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        answer = {self.noun: self.describe(obj)}
        record_staff_event(obj.user, f"{self.noun}.remove", request, **answer)
        super().delete_model(request, obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for obj in queryset:
            self.delete_model(request, obj)
