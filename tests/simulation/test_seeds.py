"""A few seeds of the simulation keep all promises, and the planted bugs can still be planted.

`make simulate` runs a thousand seeds, and finds each of the bugs.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection

from tests.simulation import bugs
from tests.simulation.seeds import run_seed, use_own_database

SEEDS = (1, 2)


@pytest.fixture
def template(transactional_db: None) -> Iterator[sqlite3.Connection]:
    """A copy of the tables of this test, which can only be made outside a transaction."""
    with closing(sqlite3.connect(":memory:")) as template:
        connection.ensure_connection()
        connection.connection.backup(template)
        yield template


def test_a_few_seeds_keep_all_promises(template: sqlite3.Connection) -> None:
    with use_own_database():
        assert [run_seed(seed, template=template) > 0 for seed in SEEDS] == [True] * len(SEEDS)


def test_there_are_ten_planted_bugs_or_more() -> None:
    assert len(bugs.list_patches()) >= 10


@pytest.mark.parametrize("patch", bugs.list_patches(), ids=lambda patch: patch.stem)
def test_a_planted_bug_is_one_line_that_still_fits(patch: Path) -> None:
    lines = patch.read_text().splitlines()
    assert sum(line.startswith("+") and not line.startswith("+++") for line in lines) == 1
    bugs.apply_patch(patch, bugs.ROOT, is_tried=True)
