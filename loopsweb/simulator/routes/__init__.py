"""One module per resource.

A handler takes an AuthorizedRequest and returns a Response or raises an ApiError.
"""

from __future__ import annotations
