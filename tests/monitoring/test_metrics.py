from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.record import record_event, system_actor
from loopsweb.keys.models import Key
from loopsweb.resources.polling import poller
from loopsweb.resources.snapshot.heartbeats import record_heartbeat
from loopsweb.resources.snapshot.poll_state import PollState
from tests import personas
from tests.personas import login_as
from tests.resources.claims import claim_polls

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-IP", "Via")
OF_REDIS = {"loopsweb_redis_up", "loopsweb_queue_length"}
TOKEN = "only-for-tests-of-metrics"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(autouse=True)
def one_process(settings: Settings) -> None:
    """The process of the tests: what it counts is all there is."""
    settings.SINGLE_PROCESS = True


def read_samples(client: Client, **headers: str) -> Samples:
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def read(client: Client, name: str, **labels: str) -> float:
    return read_samples(client).get((name, tuple(sorted(labels.items()))), 0.0)


@pytest.mark.django_db
def test_only_this_machine_reads_metrics_without_a_token(client: Client) -> None:
    assert client.get("/metrics").status_code == 200
    for elsewhere in ("203.0.113.9", "10.0.0.7", "2001:db8::1"):
        refused = client.get("/metrics", REMOTE_ADDR=elsewhere)
        assert (refused.status_code, refused["WWW-Authenticate"]) == (401, 'Bearer realm="metrics"')
    for forwarded in FORWARDED:  # by a proxy on this machine
        assert client.get("/metrics", headers={forwarded: "127.0.0.1"}).status_code == 401


@pytest.mark.django_db
@pytest.mark.parametrize(
    "accepted", ["text/plain;version=x", "application/openmetrics-text;version=a"]
)
def test_a_version_that_is_no_number_gets_the_plain_format(client: Client, accepted: str) -> None:
    answer = client.get("/metrics", headers={"Accept": accepted})
    assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (200, "text/plain")


@pytest.mark.django_db
def test_the_token_opens_metrics_from_elsewhere(client: Client, settings: Settings) -> None:
    def ask(authorization: str) -> int:
        headers = {"Authorization": authorization}
        return client.get("/metrics", REMOTE_ADDR="203.0.113.9", headers=headers).status_code

    assert ask("Bearer ") == 401  # no token is set, and none is no password
    settings.LOOPSWEB_METRICS_TOKEN = TOKEN
    assert ask(f"Bearer {TOKEN}") == 200
    assert [ask(each) for each in ("", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x")] == [401] * 4


def test_polling_is_measured(key: Key, client: Client, now: datetime) -> None:
    routes = ("GET", "/v1/loops/runs", "200")
    labels = dict(zip(("method", "route", "status"), routes, strict=True))
    before = read(client, "loopsweb_api_request_seconds_count", **labels)
    assert read(client, "loopsweb_keys", state="healthy") == 1
    assert ("loopsweb_snapshot_age_seconds", ()) not in read_samples(client)

    [state_id] = claim_polls(now=now)
    poller.run_poll(state_id, clock=lambda: now)
    asked = read(client, "loopsweb_api_request_seconds_count", **labels) - before
    assert asked == 1

    long_ago = timezone.now() - timedelta(minutes=10)
    PollState.objects.update(next_poll_at=long_ago, last_success_at=long_ago)
    record_heartbeat("polling", now=long_ago, clock_ahead=timedelta())
    for name in ("poll_lag_seconds", "snapshot_age_seconds"):
        assert 600 <= read(client, f"loopsweb_{name}") < 660
    assert 600 <= read(client, "loopsweb_heartbeat_age_seconds", part="polling") < 660


def test_a_key_for_which_another_polls_is_not_late(
    key: Key, otto: User, client: Client, now: datetime
) -> None:
    personas.add_key(otto, workspace=key.workspace, secret="demo-own-key", now=now)
    current = timezone.now()
    PollState.objects.update(next_poll_at=current, last_success_at=current)
    states = PollState.objects.exclude(key=key)
    long_ago = current - timedelta(hours=2)
    assert states.update(next_poll_at=long_ago, last_success_at=long_ago) == 1
    assert Key.objects.values("api_workspace_name").distinct().count() == 1
    assert read(client, "loopsweb_poll_lag_seconds") < 60
    assert read(client, "loopsweb_snapshot_age_seconds") < 60


def test_pages_and_audit_events_are_counted(
    acme: Workspace,
    alice: User,
    client: Client,
    now: datetime,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    page = {"method": "GET", "view": "runs:list", "status": "200"}
    pages = read(client, "loopsweb_page_seconds_count", **page)
    login_as(alice).get(f"/w/{acme.slug}/runs/")
    assert read(client, "loopsweb_page_seconds_count", **page) == pages + 1

    events = read(client, "loopsweb_audit_events_total")
    with django_capture_on_commit_callbacks(execute=True):
        record_event(**system_actor(acme.slug), action="test", outcome="succeeded", now=now)
    assert read(client, "loopsweb_audit_events_total") == events + 1


def test_no_label_names_what_somebody_chose(key: Key, client: Client, now: datetime) -> None:
    login_as(key.owner).get(f"/w/{key.workspace.slug}/runs/nobody-has-this/")
    text = client.get("/metrics").content.decode()
    for secret in ("demo-org-key", "alice", "acme", "nobody-has-this", "127.0.0.1"):
        assert secret not in text


@pytest.mark.django_db
def test_several_processes_without_a_folder_leave_counts_out(
    client: Client, settings: Settings
) -> None:
    settings.SINGLE_PROCESS = False
    names = {name for name, _ in read_samples(client)}
    assert {name for name in names if name.startswith(("loopsweb_api", "loopsweb_page"))} == set()
    assert "loopsweb_database_up" in names


def test_the_dashboard_asks_for_metrics_that_there_are(
    key: Key, client: Client, settings: Settings
) -> None:
    PollState.objects.update(last_success_at=timezone.now())
    described = json.loads((settings.BASE_DIR / "docs" / "grafana-dashboard.json").read_text())
    asked = {
        name
        for panel in described["panels"]
        for target in panel["targets"]
        for name in re.findall(r"\bloopsweb_\w+", target["expr"])
    }
    endings = {"gauge": [""], "counter": ["_total"], "histogram": ["_bucket", "_count"]}
    text = client.get("/metrics").content.decode()
    given = {
        family.name + ending
        for family in text_string_to_metric_families(text)
        for ending in endings[family.type]
    }
    assert len(asked) == 14
    assert asked - given == (set() if settings.REDIS_URL else OF_REDIS)
