"""The document's examples, served verbatim, appear field by field on the pages."""

from __future__ import annotations

import re
from datetime import datetime

import httpx
import pytest
from django.test import Client

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.record import Actor
from loopsweb.keys import actions as keys
from loopsweb.resources.models import Checkpoint, Run
from loopsweb.resources.polling import poller
from loopsweb.resources.snapshot.store import touch_version
from tests.conftest import ConnectApi
from tests.description_lists import parse_facts
from tests.long_text import join_long_text
from tests.loops_api import documented_examples
from tests.loops_api.scripted_server import ScriptedServer
from tests.personas import login_as
from tests.resources.claims import claim_polls
from tests.resources.rows import add_row

STATUS = re.compile(r'class="status [a-z]+"[^>]*>(?:<[^>]+>)*([A-Z_]+)<')
ID = {
    "sessions": "sess_xyz789",
    "runs": "k4q95w5",
    "samplers": "samp_def789",
    "checkpoints": "chkpt_abc123",
    "deployments": "dep_def456",
}


@pytest.fixture
def served(connect_api: ConnectApi) -> ScriptedServer:
    app = ScriptedServer()
    app.set_responses("GET /v1/loops/runs", documented_examples.RUNS)
    app.set_responses(f"GET /v1/loops/runs/{ID['runs']}", documented_examples.RUN)
    app.set_responses("GET /v1/loops/samplers", documented_examples.SAMPLERS)
    app.set_responses("GET /v1/loops/checkpoints", documented_examples.CHECKPOINTS)
    app.set_responses(
        f"GET /v1/loops/checkpoints/{ID['checkpoints']}/files", documented_examples.FILES
    )
    app.set_responses("GET /v1/loops/deployments", documented_examples.DEPLOYMENTS)
    app.set_responses(
        f"GET /v1/loops/deployments/{ID['deployments']}", documented_examples.DEPLOYMENT
    )
    connect_api(httpx.WSGITransport(app=app))
    return app


@pytest.fixture
def browser(acme: Workspace, alice: User, served: ScriptedServer, now: datetime) -> Client:
    by = Actor(workspace=acme.slug, person=alice.email, role="admin", address="", request_id="")
    keys.add(
        workspace=acme, owner=alice, name="org", secret="a-long-enough-key.secret",
        api_url="https://api.baseten.co", shared=False, by=by, now=now,
    )  # fmt: skip
    for state_id in claim_polls(now=now):
        poller.run_poll(state_id, clock=lambda: now)
    return login_as(alice)


DASH = "—"
SHOWN = {
    "runs": {
        "Session": "sess_xyz789",
        "Base model": "Qwen/Qwen3-8B",
        "Base URL": "https://model-abc123.api.baseten.co/deployment/dep456/sync",
        "Status": DASH,
        "Owner": DASH,
    },
    "samplers": {
        "Base URL": "https://model-ghi012.api.baseten.co/deployment/dep345/sync",
        "Run": f"k4q95w5 {DASH}",
        "Session": "sess_xyz789",
        "GPUs in use": DASH,
    },
    "checkpoints": {
        "URI": "bt://loops:k4q95w5/weights/step-100",
        "Name": "step-100",
        "Type": "lora",
        "Size": "500.0 MiB",
        "Base model": "Qwen/Qwen3-8B",
        "Created": "2025-05-07 10:00:00 UTC",
        "Expires": DASH,
        "Run": f"k4q95w5 {DASH}",
    },
    "deployments": {
        "Base model": "Qwen/Qwen3-8B",
        "Base URL": "https://model-abc123.api.baseten.co/deployment/dep456/sync",
        "Owner": DASH,
        "GPUs in use": DASH,
    },
}


@pytest.mark.parametrize("noun", sorted(SHOWN))
def test_each_documented_field_is_on_its_page(acme: Workspace, browser: Client, noun: str) -> None:
    page = browser.get(f"/w/{acme.slug}/{noun}/{ID[noun]}/")
    found = parse_facts(page.content)
    assert {term: found.get(term) for term in SHOWN[noun]} == SHOWN[noun]


@pytest.mark.parametrize(
    ("noun", "words"), [("deployments", ["RUNNING"]), ("checkpoints", ["COMPLETE"])]
)
def test_the_documented_status_heads_its_page(
    acme: Workspace, browser: Client, noun: str, words: list[str]
) -> None:
    page = browser.get(f"/w/{acme.slug}/{noun}/{ID[noun]}/").content.decode()
    assert STATUS.findall(page)[:1] == words


@pytest.mark.parametrize("noun", sorted(ID))
def test_the_documented_example_is_listed(acme: Workspace, browser: Client, noun: str) -> None:
    page = browser.get(f"/w/{acme.slug}/{noun}/")
    links = re.findall(rf'<a [^>]*href="/w/{acme.slug}/{noun}/([^/"?]+)/"', page.content.decode())
    assert ID[noun] in links


LISTED = {
    "sessions": {"Session": "sess_xyz789", "Runs": "1"},
    "runs": {"Run": "k4q95w5", "Session": "sess_xyz789", "Base model": "Qwen/Qwen3-8B"},
    "samplers": {
        "Sampler": "samp_def789 model-ghi012.api.baseten.co/deployment/dep345/sync",
        "Run": "k4q95w5",
    },
    "checkpoints": {
        "Checkpoint": "step-100 chkpt_abc123",
        "Sync": "COMPLETE",
        "Target": "trainer",
        "Type": "lora",
        "Run": "k4q95w5",
        "URI": "bt://loops:k4q95w5/weights/step-100",
        "Base model": "Qwen/Qwen3-8B",
        "Size": "500.0 MiB",
        "Created": "2025-05-07 10:00 UTC",
    },
    "deployments": {
        "Deployment": "dep_def456 model-abc123.api.baseten.co/deployment/dep456/sync",
        "Status": "RUNNING",
        "Base model": "Qwen/Qwen3-8B",
        "Actions": "Deactivate dep_def456",
    },
}
OWN_COLUMNS = {
    "sessions": {"Active runs", "Standalone samplers known", "Source", "Newest run", "First seen"}
}


def read_table(page: str) -> list[dict[str, str]]:
    """Each row of a list, {heading: text}."""

    def read_cells(row: str, tag: str) -> list[str]:
        cells = re.findall(rf"<{tag}\b.*?</{tag}>", row, re.DOTALL)
        return [" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in cells]

    page = join_long_text(page)
    headings = read_cells(page[page.index("<thead>") : page.index("</thead>")], "th")
    rows = re.findall("<tr data-key=.*?</tr>", page, re.DOTALL)
    return [dict(zip(headings, read_cells(row, "td"), strict=True)) for row in rows]


@pytest.mark.parametrize("noun", LISTED)
def test_a_list_has_each_documented_field_and_no_empty_column(browser: Client, noun: str) -> None:
    [row] = read_table(browser.get(f"/w/acme/{noun}/").content.decode())
    assert {name: row[name] for name in row.keys() - OWN_COLUMNS.get(noun, set())} == LISTED[noun]


def test_a_column_is_there_as_soon_as_a_row_fills_it(acme: Workspace, browser: Client) -> None:
    adapter = {"r": 64, "bias": "none", "targets": ["q", "v"]}
    Checkpoint.objects.update(raw={"lora_adapter_config": adapter, "expires_at": None})
    add_row(Run, acme, "r2", status="ACTIVE", owner_email="", deployment_remote_id="dep-of-r2")
    touch_version(acme)
    [checkpoint] = read_table(browser.get("/w/acme/checkpoints/").content.decode())
    assert checkpoint["LoRA adapter"] == "r 64, bias none, targets [&quot;q&quot;, &quot;v&quot;]"
    rows = read_table(browser.get("/w/acme/runs/").content.decode())
    assert [(row["Run"], row["Status"], row["Deployment"]) for row in rows] == [
        ("r2", "ACTIVE", "dep-of-r2"),
        ("k4q95w5", DASH, DASH),
    ]
    assert "Owner" not in rows[0]
    rest = read_table(browser.get("/w/acme/runs/?q=k4q95w5").content.decode())
    assert rest[0].keys() == rows[0].keys()


@pytest.mark.parametrize("query", ["?sort=owner", "?sort=-owner", "?owner=-"])
def test_a_column_that_is_sorted_or_filtered_by_is_shown(query: str, browser: Client) -> None:
    [row] = read_table(browser.get(f"/w/acme/runs/{query}").content.decode())
    assert row == LISTED["runs"] | {"Owner": DASH}


def test_the_documented_files_are_listed(acme: Workspace, browser: Client) -> None:
    page = browser.get(f"/w/{acme.slug}/checkpoints/{ID['checkpoints']}/files/?load=now")
    text = join_long_text(page.content.decode())
    [row] = re.findall(r"<tr>\s*<td.*?</tr>", text, re.DOTALL)
    cells = [" ".join(re.sub("<[^>]+>", " ", cell).split()) for cell in row.split("</td>")]
    assert cells[:4] == ["adapter_model.safetensors", "0", "500.0 MiB", "2025-05-07 10:00:00 UTC"]
    assert "s3.amazonaws.com" not in page.content.decode()
