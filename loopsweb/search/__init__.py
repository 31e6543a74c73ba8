"""The search in the frame of every page: ids, names, people, models, URIs, pages and actions."""
