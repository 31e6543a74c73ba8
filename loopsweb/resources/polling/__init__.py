"""When to poll with which key, and one poll of everything. May import every noun's sync."""
