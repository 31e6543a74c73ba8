"""Rates that admins enter, where the API gives no price: the page, and how they are stored."""
