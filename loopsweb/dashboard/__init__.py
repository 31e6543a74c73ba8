"""The pages about a workspace as a whole (overview, audit) and those of no workspace (home, help).

Nothing imports this package except the site's urls.
"""
