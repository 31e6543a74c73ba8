from __future__ import annotations

from django.dispatch import Signal

member_leaving = Signal()
"""A membership is about to end; receivers delete the keys and tokens that the member added.

Sent with `membership`, `by` (audit.record.Actor) and `now`, inside the transaction that ends it.
"""
