from __future__ import annotations

from io import StringIO

from django.conf import settings
from django.core.management import call_command

from loopsweb.accounts.authorization.permissions_docs import markdown
from loopsweb.accounts.authorization.roles import MEANS, Permission


def test_the_page_in_the_documentation_is_current() -> None:
    page = (settings.BASE_DIR / "docs" / "permissions.md").read_text()

    assert page == markdown(), "Run: manage.py permissions --write"


def test_the_command_says_the_same() -> None:
    said = StringIO()

    call_command("permissions", stdout=said)

    assert said.getvalue() == markdown()


def test_every_permission_is_explained_and_every_url_listed() -> None:
    rows = markdown().splitlines()

    assert set(MEANS) == set(Permission)
    assert "| `deactivate` | End what holds GPUs | no | yes | yes |" in rows
    assert "| `/w/<slug:workspace>/runs/new/` | create |" in rows
    assert "| `/api/v1/w/<slug:workspace>/audit/` | access token |" in rows
    assert "| `/healthz` | public |" in rows
