from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings

from loopsweb import cipher
from loopsweb.loops_api.ip_filter import allow_private_hosts


class KeysConfig(AppConfig):
    name = "loopsweb.keys"

    def ready(self) -> None:
        from loopsweb.keys import membership_signals  # noqa: F401  (registers its receiver)

        allow_private_hosts(settings.LOOPSWEB_PRIVATE_API_HOSTS)
        cipher.get_ring()  # fail at startup if the key ring is invalid
