from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from loopsweb.serving.heaps import FEW_HEAPS
from tests import processes
from tests.composed import REQUIRED_VARIABLES, ComposeStack, load_services, start_compose
from tests.processes import READY, ROOT, Site, start_simulator, wait_for
from tests.visitor import open_visitor

API_ANSWERS = 'loopsweb_api_request_seconds_count{method="GET",route="/v1/loops/runs",status="200"}'
LIST_PAGES = 'loopsweb_page_seconds_count{method="GET",status="200",view="runs:list"}'
OURS = ["migrate", "web", "worker", "beat"]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[ComposeStack]:
    often = {"LOOPSWEB_POLL_BUSY_SECONDS": "1", "LOOPSWEB_POLL_QUIET_SECONDS": "2"}
    with (
        start_simulator(tmp_path) as api,
        start_compose(tmp_path, LOOPSWEB_API_URLS=api, **often) as everything,
    ):
        processes.create_admin("ada@example.com", environment=everything.site.environment)
        wait_until_ready(everything.site)
        yield everything


def wait_until_ready(site: Site) -> None:
    """The web server answers before the worker and beat have started."""
    wait_for(lambda: site.get("/readyz").text == READY)


def test_web_worker_and_beat_work_together_and_stop(running: ComposeStack) -> None:
    site = running.site
    with open_visitor(site.address, email="ada@example.com", password=processes.PASSWORD) as ada:
        ada.submit("/keys/", name="Mine", secret="demo-org-key")
        wait_for(lambda: "Qwen/Qwen3-8B" in ada.get("/w/ada/runs/").text)
    shown = [read_metrics(site) for _ in range(4)]  # by either process of the web server
    assert all(one['loopsweb_keys{state="healthy"}'] == 1 for one in shown)
    for count in (API_ANSWERS, LIST_PAGES):  # one is counted by the worker, one by the web server
        numbers = [one[count] for one in shown]
        assert numbers[0] > 0
        assert numbers == sorted(numbers)
    assert [it.end() for it in (running.beat, running.worker, site.process)] == [0, 0, 0]


def read_metrics(site: Site) -> dict[str, float]:
    lines = [line for line in site.get("/metrics").text.splitlines() if line[:1] != "#"]
    return {name: float(number) for name, _, number in (line.rpartition(" ") for line in lines)}


FORBIDDEN = [
    "ALTER TABLE audit_event DISABLE TRIGGER ALL",
    "DROP TRIGGER audit_event_no_update ON audit_event",
    "DROP FUNCTION audit_event_refuse() CASCADE",
    "CREATE OR REPLACE FUNCTION audit_event_refuse() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
    "TRUNCATE audit_event",
    "ALTER TABLE audit_event DROP COLUMN reason",
    "ALTER TABLE audit_event RENAME TO another",
    "DROP TABLE audit_event",
    "DELETE FROM audit_event",
    "UPDATE audit_event SET action = 'another'",
    "UPDATE audit_event SET person = 'another'",
    "SET session_replication_role = replica",
    "CREATE TABLE audit_event_copy ()",
    "CREATE SCHEMA another",
    "CREATE TEMPORARY TABLE another ()",
    "CREATE ROLE another SUPERUSER",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "DELETE FROM django_migrations",
    "COPY audit_event TO PROGRAM 'cat'",
]


def test_what_serves_and_polls_cannot_change_the_audit(running: ComposeStack) -> None:
    site = running.site
    with open_visitor(site.address, email="ada@example.com", password=processes.PASSWORD):
        pass  # signing in is recorded
    with psycopg.connect(site.environment["DATABASE_URL"], autocommit=True) as connection:
        refused = [is_refused(connection, each) for each in FORBIDDEN]
        left = connection.execute("SELECT DISTINCT person FROM audit_event").fetchall()
        owned = connection.execute("SELECT 1 FROM pg_class WHERE relowner = user::regrole")
        assert dict(zip(FORBIDDEN, refused, strict=True)) == dict.fromkeys(FORBIDDEN, True)
        assert (left, owned.fetchall()) == ([("ada@example.com",)], [])
        granted = connection.execute(  # the triggers would refuse these as well
            "SELECT has_table_privilege('audit_event', 'DELETE'),"
            " has_column_privilege('audit_event', 'action', 'UPDATE')"
        )
        assert granted.fetchall() == [(False, False)]
        erase_ada(running)
        left = connection.execute("SELECT DISTINCT person FROM audit_event").fetchall()
        assert ("ada@example.com",) not in left
    prepare_again(running)


def erase_ada(running: ComposeStack) -> None:
    """The one change that the trail allows."""
    whom = ["--person", "ada@example.com", "--by", "bob@example.com", "--reason", "asked to"]
    done = processes.run_command("audit", "erase", *whom, environment=running.site.environment)
    assert done.returncode == 0, done.stderr


def prepare_again(running: ComposeStack) -> None:
    """As the next upgrade does, while the site runs."""
    site_url = running.site.environment["DATABASE_URL"]
    owner_url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{site_url.rpartition('/')[2]}"

    def prepare(url: str) -> tuple[int, str]:
        given = {"DATABASE_URL": owner_url, "LOOPSWEB_SITE_DATABASE_URL": url}
        environment = running.site.environment | given
        done = processes.run_command("prepare_database", environment=environment)
        return done.returncode, done.stderr

    assert prepare(site_url) == (0, "")
    wait_until_ready(running.site)
    code, why = prepare(owner_url)
    assert (code, "names the role that migrates" in why) == (1, True)


def is_refused(connection: psycopg.Connection, statement: str) -> bool:
    """By the role's lack of power or, where erasing may update a column, by the trigger."""
    try:
        connection.execute(statement.encode())
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.RaiseException):
        return True
    return False


def test_only_migrate_has_the_owners_password() -> None:
    found = load_services(REQUIRED_VARIABLES)
    holders = {name for name, s in found.items() if "pg-password" in str(s.get("environment"))}
    assert holders == {"db", "migrate"}
    urls = {found[name]["environment"]["DATABASE_URL"] for name in OURS if name != "migrate"}
    assert urls == {found["migrate"]["environment"]["LOOPSWEB_SITE_DATABASE_URL"]}


def test_every_service_has_a_limit_of_memory_and_time_to_stop() -> None:
    found = load_services(REQUIRED_VARIABLES)
    assert {name for name, s in found.items() if "mem_limit" not in s} == set()
    assert {name for name, s in found.items() if "stop_grace_period" not in s} == {"redis"}


def test_database_and_redis_are_reached_from_our_containers_alone() -> None:
    found = load_services(REQUIRED_VARIABLES)
    inside = {name for name, s in found.items() if s["networks"] == ["services"]}
    assert inside == {"db", "redis", "migrate"}


def test_images_are_of_one_exact_version() -> None:
    found = load_services(REQUIRED_VARIABLES)
    images = [s["image"] for s in found.values() if s["image"] != "loopsweb"]
    images += re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert [each for each in images if not re.search(r":\d+\.\d+(\.\d+)?-\w+", each)] == []


@pytest.mark.parametrize("name", sorted(REQUIRED_VARIABLES))
def test_compose_needs_secrets(name: str) -> None:
    with pytest.raises(KeyError, match=name):
        load_services(
            {other: value for other, value in REQUIRED_VARIABLES.items() if other != name}
        )


def test_only_web_is_published_and_only_on_loopback() -> None:
    found = load_services(REQUIRED_VARIABLES)
    assert {name: s["ports"] for name, s in found.items() if "ports" in s} == {
        "web": ["127.0.0.1:8000:8000"]
    }


def test_every_service_has_a_health_check_and_restarts() -> None:
    found = load_services(REQUIRED_VARIABLES)
    lasting = {name: s for name, s in found.items() if name != "migrate"}
    assert {name for name, s in lasting.items() if "healthcheck" not in s} == set()
    assert {s["restart"] for s in lasting.values()} == {"unless-stopped"}


def test_containers_are_read_only_without_capabilities() -> None:
    found = load_services(REQUIRED_VARIABLES)
    assert [(found[n]["read_only"], found[n]["cap_drop"]) for n in OURS] == [(True, ["ALL"])] * 4
    assert re.search(r"^USER 10001$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)


def test_the_env_example_lists_every_setting() -> None:
    example = (ROOT / ".env.example").read_text()
    explained = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
    settings = (ROOT / "loopsweb" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', settings))
    read |= set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    assert explained - read == {"LOOPSWEB_DATA_DIR", "LOOPSWEB_DEMO_DIR"}
    assert read - explained == set()


def test_every_setting_reaches_the_containers() -> None:
    example = (ROOT / ".env.example").read_text()
    explained = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
    passed = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    assert explained - passed == {
        "DATABASE_URL",
        "LOOPSWEB_DATA_DIR",
        "LOOPSWEB_DEMO",
        "LOOPSWEB_DEMO_DIR",
        "LOOPSWEB_POLL_TICK_SECONDS",
        "LOOPSWEB_SITE_DATABASE_URL",
        "REDIS_URL",
        "STATIC_ROOT",
    }


def test_every_process_of_ours_has_few_heaps() -> None:
    services = load_services(REQUIRED_VARIABLES)
    for name in OURS:
        given = services[name]["environment"]
        assert {each: given.get(each) for each in FEW_HEAPS} == FEW_HEAPS


def test_what_decrypts_nothing_holds_no_key() -> None:
    variables = REQUIRED_VARIABLES | {
        "EMAIL_HOST_PASSWORD": "e",
        "LOOPSWEB_OIDC_CLIENT_SECRET": "o",
    }
    secrets = (
        "LOOPSWEB_SECRET_KEYS",
        "LOOPSWEB_AUDIT_KEY",
        "EMAIL_HOST_PASSWORD",
        "LOOPSWEB_OIDC_CLIENT_SECRET",
    )
    services = load_services(variables)
    holders = {
        name
        for name in OURS
        for secret in secrets
        if services[name]["environment"][secret] == variables[secret]
    }

    assert holders == {"web", "worker"}
