"""One module per noun. A handler takes a Call and returns an Answer or raises a Refusal."""

from __future__ import annotations
