"""Fields for IDs, URIs, keys and searches take what is typed, on every keyboard."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from loopsweb.accounts.models import User, Workspace
from loopsweb.ui.exact_input import AS_TYPED
from tests.personas import login_as

INPUT = re.compile(r"<input [^>]*>")
NAME = re.compile(r' name="([^"]*)"')
CORRECTED = 'type="(?:text|search|password)"'  # by some browser or keyboard
PATHS = {"audit": "/w/acme/audit/", "keys:add": "/keys/add/"}
PROSE = {"keys:add": ["name"]}
VIEWS = (
    *("runs:list", "samplers:list", "checkpoints:list", "audit", "runs-compare", "keys:add"),
    *("runs:create", "samplers:create", "checkpoints:validate", "cleanups:plan"),
)


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_corrects_what_is_typed_letter_by_letter(
    view: str, alice: User, acme: Workspace
) -> None:
    client: Client = login_as(alice)
    path = PATHS.get(view) or reverse(view, args=[acme.slug])
    page = client.get(path).content.decode()
    fields = [one for one in INPUT.findall(page) if re.search(CORRECTED, one)]
    others = [
        name.group(1)
        for one in fields
        if not all(f'{key}="{value}"' in one for key, value in AS_TYPED.items())
        and (name := NAME.search(one))
    ]
    assert fields
    assert others == PROSE.get(view, [])


def test_templates_name_the_attributes_by_their_tag() -> None:
    templates = Path(settings.BASE_DIR, "templates").rglob("*.html")
    assert [one.name for one in templates if "autocorrect" in one.read_text()] == []
