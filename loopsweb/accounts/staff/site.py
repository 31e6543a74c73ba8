"""Django's admin under our own rules: the site's sign-in, two-factor authentication, and fresh
confirmation of every change."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse

from loopsweb.accounts.auth.reauthentication import require_reauthentication_to_submit

View = Callable[..., Any]


class StaffSite(AdminSite):
    site_header = site_title = "loopsweb"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002
        guarded = view
        if view != self.logout:
            guarded = require_staff_mfa(require_reauthentication_to_submit(view))
        return super().admin_view(guarded, cacheable)

    def login(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Django's own page knows neither two-factor authentication nor limits."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
        if not self.has_permission(request):
            raise PermissionDenied
        return redirect("admin:index")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Django's own page would change it without an audit event."""
        return redirect("account_change_password")


def require_staff_mfa(view: View) -> View:
    """Leads people who have none to the page on which they set it up."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if settings.LOOPSWEB_STAFF_MFA and not is_mfa_enabled(request.user):
            return redirect("second_factor")
        return view(request, *args, **kwargs)

    return guarded
