"""Admin pages for users, teams and workspaces. A user created here gets a team of their own."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from allauth.account.admin import EmailAddress
from allauth.socialaccount.admin import SocialApp, SocialToken
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import Group
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from loopsweb.accounts.auth.browser_sessions.actions import end_sessions
from loopsweb.accounts.auth.browser_sessions.live import find_other_sessions
from loopsweb.accounts.models import Membership, Team, User, Workspace, set_up_team
from loopsweb.accounts.staff import credential_admin, session_admin  # noqa: F401  (register their pages)
from loopsweb.accounts.staff.access import can_change_person
from loopsweb.accounts.teams.audit import record_staff_event
from loopsweb.audit.record import actor_of_request
from loopsweb.ui.offered_filters import OfferedFiltersMixin
from loopsweb.ui.read_only_admin import ReadOnlyAdmin, ReadOnlyRowsMixin

admin.site.unregister([EmailAddress, Group, SocialApp, SocialToken])

ACCESS_FIELDS = {"is_active", "is_staff", "is_superuser"}


class LowercaseEmailField(forms.EmailField):
    def clean(self, value: Any) -> str:
        return str(super().clean(value)).lower()


class MembershipInline(ReadOnlyRowsMixin, admin.TabularInline[Membership, Any]):
    model = Membership
    fields = ["user", "team", "role", "joined_at"]
    extra = 0


@admin.register(User)
class PersonAdmin(OfferedFiltersMixin, UserAdmin[User]):
    list_display = ["email", "name", "is_active", "is_staff", "last_login", "date_joined"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = ["user_permissions"]
    formfield_overrides = {models.EmailField: {"form_class": LowercaseEmailField}}
    add_form = BaseUserCreationForm
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        ("Access", {"fields": ["is_active", "is_staff", "is_superuser", "user_permissions"]}),
        ("Times", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "password1", "password2"]})]
    inlines = [MembershipInline]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Only superusers may make somebody staff or a superuser."""
        if request.user.is_superuser:
            return self.readonly_fields
        return [*self.readonly_fields, "is_staff", "is_superuser", "user_permissions"]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and can_change_person(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        if not change:
            set_up_team(name=obj.get_short_name(), founder=obj)
        elif form.changed_data:
            changed = form.changed_data
            after = {name: getattr(obj, name) for name in changed if name in ACCESS_FIELDS}
            record_staff_event(obj, "person.change", request, changed=changed, after=after)

    @method_decorator(sensitive_post_parameters())
    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, *args: Any) -> HttpResponse:  # noqa: A002
        response = super().user_change_password(request, id, *args)
        if response.status_code == HTTPStatus.FOUND:
            person, by = User.objects.get(pk=id), actor_of_request(request)
            record_staff_event(person, "person.password", request)
            others = find_other_sessions(request, person)
            end_sessions(sessions=others, person=person, by=by, now=timezone.now(), by_staff=True)
        return response

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Deactivate people instead, and remove them from teams on the team's page."""
        return False


class WorkspaceInline(ReadOnlyRowsMixin, admin.TabularInline[Workspace, Team]):
    model = Workspace
    extra = 0


@admin.register(Team)
class TeamAdmin(ReadOnlyAdmin):
    list_display = ["name", "pk"]
    search_fields = ["name", "members__email", "workspaces__slug"]
    inlines = [MembershipInline, WorkspaceInline]


@admin.register(Workspace)
class WorkspaceAdmin(ReadOnlyAdmin):
    list_display = ["name", "slug", "team", "version"]
    list_select_related = ["team"]
    search_fields = ["name", "slug", "team__name"]
