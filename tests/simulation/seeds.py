"""Runs the simulation of a seed. The same seed gives the same simulation."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import hypothesis
from django.db import connection, connections
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.machine import Machine

STEPS = 25


@contextmanager
def use_own_database() -> Iterator[None]:
    """An empty SQLite in memory, instead of the database of this thread."""
    before = connections["default"]
    own = connections.create_connection("default")
    own.settings_dict = own.settings_dict | {"NAME": ":memory:"}
    connections["default"] = own
    try:
        own.ensure_connection()
        yield
    finally:
        connections["default"] = before
        own.connection.close()


def run_seed(seed: int, *, template: sqlite3.Connection) -> int:
    """Raises what broke, with the steps to it as notes. Returns the number of steps.

    template: the database with which each simulation starts. Call it inside `use_own_database`.
    """
    steps = 0

    class Seeded(Machine):
        def __init__(self) -> None:
            super().__init__()
            template.backup(connection.connection)

        def teardown(self) -> None:
            nonlocal steps
            steps += self.steps if self.has_begun else 0
            super().teardown()

    settings = hypothesis.settings(
        max_examples=2,  # the first one is always the simplest, in which nothing happens
        stateful_step_count=STEPS,
        phases=[hypothesis.Phase.generate],  # to shrink as well generates other steps
        database=None,
        deadline=None,
        print_blob=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    run_state_machine_as_test(hypothesis.seed(seed)(Seeded), settings=settings)
    return steps
