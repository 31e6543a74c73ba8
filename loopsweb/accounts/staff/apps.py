from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class StaffSiteConfig(AdminConfig):
    default_site = "loopsweb.accounts.staff.site.StaffSite"
