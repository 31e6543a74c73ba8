"""What staff take away from a person and cannot look at: a second factor that was lost, an identity
of the sign-in service that is somebody else's now."""

from __future__ import annotations

from typing import Any

from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.decorators import method_decorator

from loopsweb.accounts.auth.reauthentication import confirmed_to_send
from loopsweb.accounts.staff.rules import may_take_over, tell_of

admin.site.unregister([Authenticator, SocialAccount])


@method_decorator(confirmed_to_send, name="changelist_view")
@method_decorator(confirmed_to_send, name="delete_view")
class OnlyTakenAway(admin.ModelAdmin):  # type: ignore[type-arg]
    noun = ""
    search_fields = ["user__email"]

    def kind(self, thing: Any) -> str:
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = bool(super().has_delete_permission(request, obj))
        return allowed and may_take_over(request, obj and obj.user)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        told: dict[str, Any] = {self.noun: self.kind(obj)}
        tell_of(obj.user, f"{self.noun}.remove", request, **told)
        super().delete_model(request, obj)

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for each in queryset:
            self.delete_model(request, each)


@admin.register(Authenticator)
class SecondFactorAdmin(OnlyTakenAway):
    noun = "second_factor"
    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type"]
    readonly_fields = ["user", "type", "created_at", "last_used_at"]
    fields = ["user", "type", "created_at", "last_used_at"]

    def kind(self, thing: Authenticator) -> str:
        return str(Authenticator.Type(thing.type).label)


@admin.register(SocialAccount)
class IdentityAdmin(OnlyTakenAway):
    noun = "identity"
    list_display = ["user", "provider", "uid", "date_joined", "last_login"]
    readonly_fields = ["user", "provider", "uid", "date_joined", "last_login"]
    fields = ["user", "provider", "uid", "date_joined", "last_login"]

    def kind(self, thing: SocialAccount) -> str:
        return str(thing.provider)
