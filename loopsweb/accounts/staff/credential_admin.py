"""Admin pages for credentials, which staff can remove but not read: MFA authenticators, and
identities of the OpenID Connect provider."""

from __future__ import annotations

from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount
from django.contrib import admin

from loopsweb.accounts.staff.removal_admin import RemovalAdmin

admin.site.unregister([Authenticator, SocialAccount])


@admin.register(Authenticator)
class MFAAdmin(RemovalAdmin):
    noun = "second_factor"
    fields = ("user", "type", "created_at", "last_used_at")
    list_display = readonly_fields = fields
    list_filter = ["type"]

    def describe(self, obj: Authenticator) -> str:
        return str(Authenticator.Type(obj.type).label)


@admin.register(SocialAccount)
class IdentityAdmin(RemovalAdmin):
    noun = "identity"
    fields = ("user", "provider", "uid", "date_joined", "last_login")
    list_display = readonly_fields = fields

    def describe(self, obj: SocialAccount) -> str:
        return str(obj.provider)
