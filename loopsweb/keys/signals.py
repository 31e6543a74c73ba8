from __future__ import annotations

from django.dispatch import Signal

key_ready = Signal()
"""A healthy key was saved and should be polled at once. Sent with `key` and `now`, inside the
transaction that saved it."""

key_unusable = Signal()
"""The API refused a key that was checked, or it cannot be read. Sent with `key`, inside the
transaction that saved this."""

key_removing = Signal()
"""A key will be deleted. Sent with `key` and `now`, inside the transaction that deletes it."""
