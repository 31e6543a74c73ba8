"""Seeded simulation: workers, people and a faulty API under one virtual clock, in one thread.

`make simulate` runs it; `machine.py` has what may happen, `promises.py` what must hold.
"""
