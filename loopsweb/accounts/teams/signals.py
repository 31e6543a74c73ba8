from __future__ import annotations

from django.dispatch import Signal

member_leaving = Signal()
"""Someone is about to lose their place in a team, and what they brought goes with them.

Sent with `membership`, `by` (audit.record.Actor) and `now`, inside the transaction that ends it.
"""
