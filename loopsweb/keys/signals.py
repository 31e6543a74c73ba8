from __future__ import annotations

from django.dispatch import Signal

key_ready = Signal()
"""A key was added, replaced or re-checked and is healthy: poll with it at once.

Sent with `key` and `now`, inside the transaction that saved it.
"""
