"""Template variables for every page: the current workspace, the role and permissions in it, and
the workspaces to switch to."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from loopsweb.accounts.auth.kept_text import find_kept_text
from loopsweb.accounts.models import Workspace


def current_workspace(request: HttpRequest) -> dict[str, Any]:
    def list_workspaces() -> list[Workspace]:
        if not request.user.is_authenticated:
            return []
        return list(Workspace.objects.filter(team__memberships__user=request.user))

    return {
        "workspace": getattr(request, "workspace", None),
        "role": getattr(request, "role", None),
        "may": {str(permission): True for permission in getattr(request, "permissions", ())},
        "single_sign_on": settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"],
        "sso_only": settings.LOOPSWEB_SSO_ONLY,
        "kept_text": find_kept_text(request),
        "my_workspaces": SimpleLazyObject(list_workspaces),
    }
