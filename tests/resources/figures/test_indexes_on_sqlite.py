"""On SQLite, the figures of a few rows are worked out without reading all rows of the workspace.

PostgreSQL chooses indexes by statistics, which a test has none of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from loopsweb.accounts.models import Workspace
from loopsweb.resources.figures.refresh import refresh_after_store, refresh_figures
from loopsweb.resources.models import Checkpoint, Deployment, Run, Sampler
from tests.resources.conftest import AddKey

WHOLE = re.compile(r"SCAN (?!json_each)|.*\(workspace_id=\?\)$")  # a step that reads all rows


@contextmanager
def note_steps() -> Iterator[list[str]]:
    """Each step of the plans of statements that select runs, samplers, deployments and
    checkpoints."""
    steps: list[str] = []

    def note(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        if sql.startswith("SELECT") and "resources_catalogue" not in sql:
            plan = context["cursor"].cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params).fetchall()
            steps.extend(step for *_, step in plan)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield steps


def test_few_rows_are_found_by_indexes(
    acme: Workspace, add_key: AddKey, poll: Callable[..., int]
) -> None:
    add_key()
    assert poll() == 1
    checkpoint = Checkpoint.objects.filter(workspace=acme).earliest("pk")
    with note_steps() as steps:
        for model in (Run, Sampler, Deployment):
            row = model._default_manager.filter(workspace=acme, gpus__gt=0)[:1].get()
            steps.clear()
            refresh_figures(acme, {(model, row.remote_id)})
            assert [step for step in steps if WHOLE.match(step)] == []
            assert len(steps) > 10
        steps.clear()
        refresh_after_store(Checkpoint, acme, [checkpoint.remote_id], [checkpoint])
        assert [step for step in steps if WHOLE.match(step)] == []
        assert steps
