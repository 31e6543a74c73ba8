"""What a poll looks into beside lists is found without reading the rows of the workspace."""

from __future__ import annotations

import pytest
from django.db.models import Model, QuerySet

from loopsweb.accounts.models import Workspace
from loopsweb.resources.deployments.sync import select_vanished
from loopsweb.resources.runs.sync import select_without_details
from tests.plans import explain_with_index


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (select_vanished(), "deployment_vanished"),
        (select_without_details(), "run_without_details"),
    ],
    ids=["vanished", "without details"],
)
def test_what_is_on_the_agenda_has_an_index_of_its_own(
    rows: QuerySet[Model], index: str, acme: Workspace
) -> None:
    assert index in explain_with_index(rows.filter(workspace=acme), index)
