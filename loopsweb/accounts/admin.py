"""People, teams and workspaces as staff see them. A person made here gets a team of their own."""

from __future__ import annotations

from typing import Any

from allauth.account.admin import EmailAddress
from allauth.socialaccount.admin import SocialApp, SocialToken
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangosUserChangeForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from loopsweb.accounts.auth.reauthentication import confirmed_to_send
from loopsweb.accounts.models import Membership, Team, User, Workspace, found_team
from loopsweb.accounts.staff import removals
from loopsweb.accounts.staff.rules import may_take_over, tell_of

assert removals  # noqa: S101  (imported for the pages it registers)
admin.site.unregister([EmailAddress, Group, SocialApp, SocialToken])

SWITCHES = {"is_active", "is_staff", "is_superuser"}
FOUND = 302


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


class OnlyShown:
    """What has a page of its own, where each change is told in the audit."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MembershipInline(OnlyShown, admin.TabularInline[Membership, Any]):
    model = Membership
    fields = ["user", "team", "role", "joined_at"]
    extra = 0


@admin.register(User)
@method_decorator(confirmed_to_send, name="changeform_view")
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

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Who sets somebody's password can become them, so only a superuser changes other staff."""
        return super().has_change_permission(request, obj) and may_take_over(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        if not change:
            found_team(name=obj.get_short_name(), founder=obj)
        elif form.changed_data:
            after = {name: getattr(obj, name) for name in form.changed_data if name in SWITCHES}
            tell_of(obj, "person.change", request, changed=form.changed_data, after=after)

    @method_decorator([sensitive_post_parameters(), confirmed_to_send])
    @transaction.atomic
    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002  (Django's own name)
        form_url: str = "",
    ) -> HttpResponse:
        answer = super().user_change_password(request, id, form_url)
        if answer.status_code == FOUND:
            tell_of(User.objects.get(pk=id), "person.password", request)
        return answer

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Who leaves is switched off: the roles they had go from a team on its own page."""
        return False


class WorkspaceInline(OnlyShown, admin.TabularInline[Workspace, Team]):
    model = Workspace
    extra = 0


@admin.register(Team)
class TeamAdmin(OnlyShown, admin.ModelAdmin[Team]):
    list_display = ["name", "pk"]
    search_fields = ["name", "members__email", "workspaces__slug"]
    inlines = [MembershipInline, WorkspaceInline]


@admin.register(Workspace)
class WorkspaceAdmin(OnlyShown, admin.ModelAdmin[Workspace]):
    list_display = ["name", "slug", "team", "version"]
    list_select_related = ["team"]
    search_fields = ["name", "slug", "team__name"]
