from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from loopsweb.ui.offered_filters import OfferedFiltersMixin


class ReadOnlyRowsMixin:
    """For rows that are changed elsewhere, where each change is audited."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


class ReadOnlyAdmin(ReadOnlyRowsMixin, OfferedFiltersMixin, admin.ModelAdmin[Any]):
    """A list of Django's admin that changes nothing."""
