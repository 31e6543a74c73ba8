"""Schedules polls per key, and runs one poll of everything. May import every noun's sync."""
