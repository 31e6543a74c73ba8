from __future__ import annotations

import gzip

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.models import Checkpoint
from tests.long_text import join_long_text
from tests.personas import login_as
from tests.resources.rows import add_row


@pytest.fixture
def browser(alice: User) -> Client:
    return login_as(alice)


@pytest.fixture
def url(acme: Workspace) -> str:
    for n, (run, target) in enumerate(
        [("r1", "trainer"), ("r1", "sampler"), ("r2", "trainer"), ("r2", "sampler")]
    ):
        model = "Qwen/Qwen3-8B" if run == "r1" else "openai/gpt-oss-120b"
        fields = {"run_remote_id": run, "target": target, "name": "step-100", "base_model": model}
        add_row(Checkpoint, acme, f"chkpt_{n}", **fields, sync_status="COMPLETE")
    return reverse("checkpoints:list", args=[acme.slug])


def found(page: str) -> set[int]:
    return {n for n in range(4) if f"/chkpt_{n}/" in page}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({}, {0, 1, 2, 3}),
        ({"run_id": "r1"}, {0, 1}),
        ({"base_model": "openai/gpt-oss-120b"}, {2, 3}),
        ({"checkpoint_path": "bt://loops:r1/weights/step-100"}, {0}),
        ({"checkpoint_path": "bt://loops:r1/sampler_weights/step-100"}, {1}),
        ({"checkpoint_path": "bt://trainers:r2/weights/step-100"}, {2}),
        ({"run_id": "r1", "target": "sampler"}, {1}),
        ({"run_id": "r9"}, set()),
    ],
)
def test_filters_by_run_base_model_or_uri(
    query: dict[str, str], ids: set[int], browser: Client, url: str
) -> None:
    assert found(browser.get(f"{url}?{urlencode(query)}").content.decode()) == ids


def test_two_filters_that_the_api_refuses_together_are_400(browser: Client, url: str) -> None:
    query = urlencode({"run_id": "r1", "checkpoint_path": "bt://loops:r2/weights/step-100"})
    answer = browser.get(f"{url}?{query}")
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "You filtered by run and by bt:// URI." in page
    assert found(page) == set()
    assert 'name="run_id" value="r1"' in page
    assert 'name="checkpoint_path" value="bt://loops:r2/weights/step-100"' in page


def test_an_invalid_uri_is_an_error_at_its_field(browser: Client, url: str) -> None:
    answer = browser.get(f"{url}?checkpoint_path=s3://bucket")
    page = answer.content.decode()
    field = page.partition('name="checkpoint_path"')[2].partition("</p>")[0]
    assert answer.status_code == 422
    assert 'value="s3://bucket"' in field
    assert 'aria-invalid="true"' in field
    assert "A checkpoint URI looks like bt://loops:" in field
    assert ("Nothing was searched" in page, "cannot be combined" in page) == (True, False)


def test_every_row_has_its_target_and_uri(browser: Client, url: str) -> None:
    page = browser.get(url).content.decode()
    shown = join_long_text(page)
    for uri in ("bt://loops:r1/weights/step-100", "bt://loops:r1/sampler_weights/step-100"):
        assert f'<copy-button label="URI"><span class="id">{uri}</span></copy-button>' in shown
    assert page.count("<td>trainer</td>") == page.count("<td>sampler</td>") == 2


def test_csv_with_two_filters_that_exclude_each_other_is_400(browser: Client, url: str) -> None:
    answer = browser.post(f"{url}?run_id=r1&base_model=x")
    assert answer.status_code == 400


def test_a_fifty_row_page_weighs_little_on_the_wire(browser: Client, acme: Workspace) -> None:
    for n in range(50):
        add_row(
            Checkpoint,
            acme,
            f"chkpt_abcdef{n}",
            run_remote_id="k4q95w5",
            target="sampler",
            name=f"step-{n}00",
            base_model="meta-llama/Llama-3.3-70B-Instruct",
            sync_status="COMPLETE",
            size_bytes=4_900_000_000 + n,
        )
    page = browser.get(reverse("checkpoints:list", args=[acme.slug])).content
    assert page.count(b"<tr data-key=") == 50
    assert len(gzip.compress(page)) < 8_000
