"""Admin pages for credentials, which staff can remove but not read: MFA authenticators, and
identities of the OpenID Connect provider."""

from __future__ import annotations

from typing import Any

from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.decorators import method_decorator

from loopsweb.accounts.auth.reauthentication import require_reauthentication_to_submit
from loopsweb.accounts.staff.access import can_change_person
from loopsweb.accounts.teams.audit import record_staff_event

admin.site.unregister([Authenticator, SocialAccount])


@method_decorator(require_reauthentication_to_submit, name="changelist_view")
@method_decorator(require_reauthentication_to_submit, name="delete_view")
class DeleteOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    noun = ""
    search_fields = ["user__email"]

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


@admin.register(Authenticator)
class MFAAdmin(DeleteOnlyAdmin):
    noun = "second_factor"
    fields = ("user", "type", "created_at", "last_used_at")
    list_display = readonly_fields = fields
    list_filter = ["type"]

    def describe(self, obj: Authenticator) -> str:
        return str(Authenticator.Type(obj.type).label)


@admin.register(SocialAccount)
class IdentityAdmin(DeleteOnlyAdmin):
    noun = "identity"
    fields = ("user", "provider", "uid", "date_joined", "last_login")
    list_display = readonly_fields = fields

    def describe(self, obj: SocialAccount) -> str:
        return str(obj.provider)
