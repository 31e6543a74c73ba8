from __future__ import annotations

from urllib.parse import unquote

import pytest
from django.urls import resolve, reverse
from hypothesis import example, given
from hypothesis import strategies as st

ids = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=255)


@given(ids)
@example("a/b")
@example("a%2Fb")
@example("..")
@example("new")
@example("enter")
@example("files/download")
@example("x?y#z")
def test_any_id_round_trips_as_one_segment(remote_id: str) -> None:
    url = reverse("runs:detail", args=["acme", remote_id])
    assert url.count("/") == 5
    found = resolve(unquote(url))
    assert (found.view_name, found.kwargs["remote_id"]) == ("runs:detail", remote_id)


@pytest.mark.parametrize("remote_id", ["k4q95w5", "sess_xyz789", "dep_def456"])
def test_ordinary_ids_are_unchanged(remote_id: str) -> None:
    assert reverse("runs:detail", args=["acme", remote_id]) == f"/w/acme/runs/{remote_id}/"
