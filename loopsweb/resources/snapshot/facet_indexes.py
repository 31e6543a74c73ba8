"""Indexes of all that a list counts of its rows, so that the far larger rows are not read."""

from __future__ import annotations

from django.db import models

FACETS = ("status", "base_model", "owner_email")  # fields of what has an owner


def index_facets(*fields: str, name: str) -> models.Index:
    """For what a list counts by the values of `fields`."""
    return models.Index(
        fields=["workspace", *fields, "missing_since", "is_status_omitted"], name=name
    )
