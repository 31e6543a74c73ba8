from __future__ import annotations

from io import StringIO

from django.conf import settings
from django.core.management import call_command

from loopsweb.accounts.authorization.permissions_docs import render_markdown
from loopsweb.accounts.authorization.roles import DESCRIPTIONS, Permission


def test_the_documentation_is_current() -> None:
    page = (settings.BASE_DIR / "docs" / "permissions.md").read_text()

    assert page == render_markdown(), "Run: manage.py permissions --write"


def test_the_command_prints_the_same() -> None:
    printed = StringIO()

    call_command("permissions", stdout=printed)

    assert printed.getvalue() == render_markdown()


def test_every_permission_and_url_is_listed() -> None:
    rows = render_markdown().splitlines()

    assert set(DESCRIPTIONS) == set(Permission)
    assert "| `deactivate` | Deactivate deployments, runs and samplers | no | yes | yes |" in rows
    assert "| `/w/<slug:workspace>/runs/new/` | create |" in rows
    assert "| `/api/v1/w/<slug:workspace>/audit/` | access token |" in rows
    assert "| `/healthz` | public |" in rows
