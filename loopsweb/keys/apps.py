from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings

from loopsweb import cipher
from loopsweb.loops_api.addresses import allow_private


class KeysConfig(AppConfig):
    name = "loopsweb.keys"

    def ready(self) -> None:
        from loopsweb.keys import membership_signals

        assert membership_signals  # noqa: S101  (imported for its receiver)
        allow_private(settings.LOOPSWEB_PRIVATE_API_HOSTS)
        cipher.ring()  # a bad ring is said at the start, not at the first key
