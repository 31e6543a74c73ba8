"""`manage.py audit`."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from loopsweb.audit.models import Event
from loopsweb.audit.verify import check_export


def test_the_command_verifies_exports_and_signs(
    events: list[Event], without_triggers: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("audit", "verify")
    call_command("audit", "export", "--workspace", "acme", "--output", str(tmp_path / "out"))
    call_command("audit", "sign")
    assert capsys.readouterr().out.splitlines()[0] == "acme: verified up to #5."
    assert check_export((tmp_path / "out").read_bytes()).sequence == 5
    call_command("audit", "export", "--workspace", "acme", "--output", "-")
    assert check_export(capsys.readouterr().out.encode()).sequence == 5
    Event.objects.filter(sequence=2).delete()
    with pytest.raises(CommandError, match=r"acme: audit trail verification failed\. #2: missing"):
        call_command("audit", "verify", "--workspace", "acme")
