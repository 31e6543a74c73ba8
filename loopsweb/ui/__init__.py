"""What every page shares: lists, live regions, errors, security headers and logs.

Nothing here knows a particular resource.
"""
