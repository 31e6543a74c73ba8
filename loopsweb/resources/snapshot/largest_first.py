"""An index by a number or time whose unknown values come last."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.ddl_references import Statement
from django.db.models import F


class WithoutNullsLast(Statement):
    """SQLite puts unknown last when it descends, and must not be told so."""

    def __str__(self) -> str:
        return super().__str__().replace(" NULLS LAST", "")


class LargestFirst(models.Index):
    """Within a workspace: the largest or latest first, unknown last, then the newest."""

    def __init__(self, field: str, *, name: str) -> None:
        self.field = field
        by = F(field).desc(nulls_last=True)
        super().__init__("workspace", by, F("id").desc(), name=name)

    def deconstruct(self) -> Any:
        path, _, _ = super().deconstruct()
        return path, (self.field,), {"name": self.name}

    def create_sql(self, model: Any, schema_editor: Any, using: str = "", **options: Any) -> Any:
        statement = super().create_sql(model, schema_editor, using, **options)
        if schema_editor.connection.vendor != "sqlite":
            return statement
        return WithoutNullsLast(statement.template, **statement.parts)
