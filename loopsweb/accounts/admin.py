"""People, teams and workspaces as staff see them. A person made here gets a team of their own."""

from __future__ import annotations

from typing import Any

from allauth.account.admin import EmailAddress
from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangosUserChangeForm
from django.contrib.auth.models import Group
from django.http import HttpRequest

from loopsweb.accounts.models import Membership, Team, User, Workspace, found_team

admin.site.unregister([EmailAddress, Authenticator, Group, SocialAccount, SocialApp, SocialToken])


class LowerCaseEmail:
    cleaned_data: dict[str, Any]

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class AddUser(LowerCaseEmail, BaseUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ["email", "name"]
        field_classes = {"email": forms.EmailField}


class ChangeUser(LowerCaseEmail, DjangosUserChangeForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = "__all__"
        field_classes = {"email": forms.EmailField}


class MembershipInline(admin.TabularInline[Membership, Any]):
    model = Membership
    autocomplete_fields = ["user", "team"]
    extra = 0


@admin.register(User)
class PersonAdmin(UserAdmin[User]):
    list_display = ["email", "name", "is_active", "is_staff", "last_login", "date_joined"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = ["user_permissions"]
    form = ChangeUser
    add_form = AddUser
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        ("Access", {"fields": ["is_active", "is_staff", "is_superuser", "user_permissions"]}),
        ("Times", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "password1", "password2"]})]
    inlines = [MembershipInline]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Only a superuser makes staff and superusers."""
        access = (
            [] if request.user.is_superuser else ["is_staff", "is_superuser", "user_permissions"]
        )
        return [*self.readonly_fields, *access]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        if not change:
            found_team(name=obj.get_short_name(), founder=obj)


class WorkspaceInline(admin.TabularInline[Workspace, Team]):
    model = Workspace
    prepopulated_fields = {"slug": ["name"]}
    extra = 0


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin[Team]):
    list_display = ["name", "pk"]
    search_fields = ["name", "members__email", "workspaces__slug"]
    inlines = [MembershipInline, WorkspaceInline]


@admin.register(Workspace)
class WorkspaceAdmin(admin.ModelAdmin[Workspace]):
    list_display = ["name", "slug", "team", "version"]
    list_select_related = ["team"]
    search_fields = ["name", "slug", "team__name"]
    autocomplete_fields = ["team"]
    prepopulated_fields = {"slug": ["name"]}
    readonly_fields = ["version"]


@admin.register(Authenticator)
class SecondFactorAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """For whoever lost their second factor: it can be taken away, not looked at."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type"]
    search_fields = ["user__email"]
    readonly_fields = ["user", "type", "created_at", "last_used_at"]
    fields = ["user", "type", "created_at", "last_used_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
