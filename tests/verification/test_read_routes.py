"""Checks of what the dashboard relies on, for every server. These tests only read."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice

import pytest

from loopsweb.loops_api import Client, errors
from loopsweb.loops_api.uris import CheckpointURI

DEPLOYMENT_STATUSES = {
    "CREATED", "DEPLOYING", "RUNNING", "SCALED_TO_ZERO", "FAILED", "STOPPED", "PREEMPTED",
}  # fmt: skip
A_FEW = 5


def test_no_row_is_skipped(client: Client) -> None:
    lists = (client.list_runs(), client.list_samplers(), client.list_deployments())
    assert [listing.skipped for listing in lists] == [0, 0, 0]


def test_a_run_equals_its_list_row(client: Client) -> None:
    for run in islice(client.list_runs(), A_FEW):
        found = client.get_run(run.id)
        assert found.id == run.id
        assert found.base_url is not None
        assert run.base_url in {None, found.base_url}
        assert run.session_id is not None
        assert client.get_session(run.session_id).id == run.session_id


def test_runs_are_filtered(client: Client) -> None:
    for run in islice(client.list_runs(), A_FEW):
        assert [found.id for found in client.list_runs(run_id=run.id)] == [run.id]
        same = client.list_runs(base_model=run.base_model)
        assert {found.base_model for found in same} == {run.base_model}


def test_a_sampler_equals_its_list_row(client: Client) -> None:
    for sampler in islice(client.list_samplers(), A_FEW):
        found = client.get_sampler(sampler.id)
        assert (found.id, found.base_url) == (sampler.id, sampler.base_url)


def test_a_deployment_equals_its_list_row(client: Client) -> None:
    for deployment in islice(client.list_deployments(), A_FEW):
        found = client.get_deployment(deployment.id)
        assert (found.id, found.base_model) == (deployment.id, deployment.base_model)
        assert found.base_url == deployment.base_url
        assert found.status in DEPLOYMENT_STATUSES


def test_checkpoints_are_the_same_by_every_filter(client: Client) -> None:
    for run in islice(client.list_runs(), A_FEW):
        checkpoints = client.list_checkpoints(run_id=run.id)
        assert checkpoints.skipped == 0
        assert run.base_model is not None
        of_the_model = {found.id for found in client.list_checkpoints(base_model=run.base_model)}
        for checkpoint in islice(checkpoints, A_FEW):
            assert checkpoint.run_id == run.id
            assert checkpoint.id in of_the_model
            assert checkpoint.created_at is not None
            assert checkpoint.size_bytes is not None
            assert checkpoint.sync_status in {"SYNCING", "COMPLETE", None}
            assert checkpoint.uri is not None
            found = client.list_checkpoints(checkpoint_path=checkpoint.uri)
            assert [row.id for row in found] == [checkpoint.id]


def test_files_are_paged(client: Client) -> None:
    for run in islice(client.list_runs(), A_FEW):
        for checkpoint in islice(client.list_checkpoints(run_id=run.id), 1):
            whole = client.list_files(checkpoint.id)
            if whole.next_page_token is None:
                assert whole.total_count == len(whole.files)
            page = client.list_files(checkpoint.id, page_size=1, page_token=0)
            assert [file.relative_file_name for file in page.files] == [
                file.relative_file_name for file in whole.files[:1]
            ]
            assert page.total_count == whole.total_count
            assert page.next_page_token == (1 if len(whole.files) > 1 else None)


NOWHERE = "no-such-id-anywhere"


def test_an_unknown_id_is_not_found(client: Client) -> None:
    for call in (
        client.get_session,
        client.get_run,
        client.get_sampler,
        client.get_deployment,
        client.list_files,
    ):
        with pytest.raises(errors.NotFound):
            call(NOWHERE)


@pytest.mark.parametrize(("page_size", "page_token"), [(0, None), (-1, None), (None, -1)])
def test_an_invalid_page_is_a_bad_request(
    client: Client, page_size: int | None, page_token: int | None
) -> None:
    for run in islice(client.list_runs(), A_FEW):
        for checkpoint in islice(client.list_checkpoints(run_id=run.id), 1):
            with pytest.raises(errors.BadRequest):
                client.list_files(checkpoint.id, page_size, page_token)


def test_an_invalid_path_is_a_bad_request(client: Client) -> None:
    with pytest.raises(errors.BadRequest):
        client.list_checkpoints(checkpoint_path="step-100")


def test_an_unknown_checkpoint_is_not_listed(client: Client) -> None:
    uri = str(CheckpointURI(NOWHERE, "trainer", "step-1"))
    with suppress(errors.NotFound):
        assert list(client.list_checkpoints(checkpoint_path=uri)) == []


def test_an_unknown_key_is_refused(stranger: Client) -> None:
    for call in (stranger.list_runs, stranger.list_samplers, stranger.list_deployments):
        with pytest.raises(errors.Unauthorized):
            call()


def test_undocumented_routes_succeed_or_are_not_found(client: Client) -> None:
    for call in (client.get_capabilities, client.list_prices, client.list_instance_types):
        with suppress(errors.NotFound):
            assert len(call()) > 0
