"""The admin page of browser sessions: staff end them, and never see their keys."""

from __future__ import annotations

from allauth.usersessions.admin import UserSession
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from loopsweb.accounts.auth.browser_sessions.actions import end_sessions
from loopsweb.accounts.auth.browser_sessions.live import find_live_sessions
from loopsweb.accounts.staff.removal_admin import RemovalAdmin
from loopsweb.audit.record import actor_of_request

admin.site.unregister(UserSession)


@admin.register(UserSession)
class BrowserSessionAdmin(RemovalAdmin):
    fields = ("user", "ip", "user_agent", "created_at", "last_seen_at")
    list_display = readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[UserSession]:
        return find_live_sessions(now=timezone.now())

    def delete_model(self, request: HttpRequest, obj: UserSession) -> None:
        by, now = actor_of_request(request), timezone.now()
        end_sessions(sessions=[obj], person=obj.user, by=by, now=now, by_staff=True)
