"""How people like their lists: saved views, chosen columns and rows on a page."""
