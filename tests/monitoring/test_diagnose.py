from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from loopsweb.keys.models import Key
from loopsweb.monitoring.stored import PARTS
from loopsweb.resources.snapshot.heartbeats import record_heartbeat
from loopsweb.resources.snapshot.poll_state import PollState
from tests.servers import find_free_port

NOBODY = f"http://127.0.0.1:{find_free_port()}"


def read_lines(capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[str, str]]:
    """{name: (mark, text)}"""
    found = {}
    for line in capsys.readouterr().out.splitlines():
        if line.startswith("  "):
            name, _, text = line[10:].partition(": ")
            found[name] = (line[2:9].strip(), text)
    return found


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


def test_problems_are_named_and_counted(
    key: Key, settings: Settings, capsys: pytest.CaptureFixture[str], now: datetime
) -> None:
    settings.LOOPSWEB_API_URLS = [NOBODY]
    PollState.objects.update(next_poll_at=timezone.now() - timedelta(hours=2))
    Key.objects.update(state="refused")

    with pytest.raises(CommandError) as ended:
        call_command("diagnose")
    lines = read_lines(capsys)
    problems = [name for name, (mark, _) in lines.items() if mark == "problem"]
    assert problems == [*PARTS, "API keys"]
    assert lines["API keys"] == ("problem", "1 refused")
    assert str(ended.value) == "4 problems found. See above."
