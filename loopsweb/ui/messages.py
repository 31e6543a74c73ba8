"""Messages that the next page shows, kept in a cookie."""

from __future__ import annotations

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage


class MessageStorage(CookieStorage):
    cookie_name = settings.MESSAGES_COOKIE_NAME
