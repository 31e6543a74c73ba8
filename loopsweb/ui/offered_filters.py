"""Which columns a list of Django's admin can be filtered by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = object


class OfferedFiltersMixin(Base):
    """Only by those that the page offers. Django itself compares any column of the table, so that
    a hidden one can be found out letter by letter."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        offered = [*self.get_list_filter(request), self.date_hierarchy]
        columns = {str(each).partition("__")[0] for each in offered if each}
        is_offered = lookup.partition("__")[0] in columns
        return is_offered and super().lookup_allowed(lookup, value, request)
