from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.monitoring.stored import PARTS
from loopsweb.resources.snapshot.heartbeats import record_heartbeat
from loopsweb.resources.snapshot.poll_state import PollState
from tests.servers import find_free_port


def read_lines(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, str]]:
    """{name: (mark, text)}"""
    found = {}
    for line in capsys.readouterr().out.splitlines():
        if line.startswith("  "):
            name, _, text = line[10:].partition(": ")
            found[name] = (line[2:9].strip(), text)
    return found


def list_problems(lines: dict[str, tuple[str, str]]) -> list[str]:
    return [name for name, (mark, _) in lines.items() if mark == "problem"]


def test_all_is_well(key: Key, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    settings.LOOPSWEB_API_URLS = ["https://api.baseten.co"]  # the simulated one
    settings.LOOPSWEB_METRICS_TOKEN = "a-token-that-nobody-prints"
    now = timezone.now()
    PollState.objects.update(next_poll_at=now, last_success_at=now)
    for part in PARTS:
        record_heartbeat(part, now=now, clock_ahead=timedelta())

    call_command("diagnose")
    output = capsys.readouterr().out
    assert "problem" not in output
    for line in (
        "API keys: 1 healthy",
        "https://api.baseten.co: yes",
        "metrics elsewhere: by token",
    ):
        assert line in output
    for secret in ("demo-org-key", "a-token-that-nobody-prints", settings.SECRET_KEY):
        assert secret not in output


def test_late_polls_and_missing_parts_are_problems(
    key: Key, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.LOOPSWEB_API_URLS = ["https://api.baseten.co"]  # the simulated one
    PollState.objects.update(next_poll_at=timezone.now() - timedelta(hours=2))

    with pytest.raises(CommandError) as ended:
        call_command("diagnose")
    lines = read_lines(capsys)
    assert list_problems(lines) == [*PARTS, "polls"]
    assert lines["polls"] == ("problem", "2 h late")
    assert str(ended.value) == "4 problems found. See above."


@pytest.mark.django_db
def test_an_api_that_nobody_reaches_and_a_refused_key_are_problems(
    settings: Settings, capsys: pytest.CaptureFixture[str], alice: User, acme: Workspace
) -> None:
    nobody = f"http://127.0.0.1:{find_free_port()}"
    settings.LOOPSWEB_API_URLS = [nobody]
    Key.objects.create(workspace=acme, owner=alice, name="Old", api_url=nobody, state="refused")

    with pytest.raises(CommandError):
        call_command("diagnose")
    lines = read_lines(capsys)
    assert list_problems(lines) == [nobody, *PARTS, "API keys"]
    assert lines[nobody] == ("problem", "no: ConnectError")
    assert lines["API keys"] == ("problem", "1 refused")


@pytest.mark.django_db
def test_a_database_that_is_not_migrated_is_the_problem(
    capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    settings.LOOPSWEB_API_URLS = []
    MigrationRecorder.Migration.objects.filter(app="resources").delete()
    with pytest.raises(CommandError):
        call_command("diagnose")
    lines = read_lines(capsys)
    assert list_problems(lines) == ["migrations"]
    assert "polls" not in lines
