"""Shared parts of all pages: lists, live regions, errors, security headers and logs.

Nothing here knows a particular resource.
"""
