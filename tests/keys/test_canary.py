"""A planted key appears nowhere but in the header of API requests."""

from __future__ import annotations

import json
import logging

import pytest
from django.apps import apps
from django.core import serializers
from django.core.cache import caches
from django.db import connection

from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.simulator import Simulator
from tests.personas import login_as

CANARY = "kAnArYbB.0123456789abcdefSINGS-NOWHERE"
SECRET_PART = "0123456789abcdefSINGS-NOWHERE"


def everything_stored() -> str:
    rows = [
        serializers.serialize("json", model._default_manager.all())
        for model in apps.get_models()
        if model._meta.managed
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_data FROM django_session")
        rows += [json.dumps(cursor.fetchall())]
    return "\n".join(rows)


def test_a_key_appears_only_in_the_header(
    otto: User, acme: Workspace, loops: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    user = loops.world.keys["demo-org-key"].user
    loops.world.add_key(CANARY, user)
    browser = login_as(otto)
    browser.raise_request_exception = False
    fields = {
        "name": "canary",
        "secret": CANARY,
        "api_url": "https://api.baseten.co",
        "workspace": acme.slug,
    }
    shown = []

    with caplog.at_level(logging.DEBUG):
        for mode in ("status", "rate_limit", "html", "reset", "truncated", "empty"):
            loops.add_fault("GET /v1/loops/runs", mode)
            shown.append(browser.post("/keys/add/", fields))
        loops.add_fault("*", "status", status=401, body={"message": f"Bad key {CANARY}"})
        shown.append(browser.post("/keys/add/", fields))
        shown.append(browser.post("/keys/add/", fields | {"name": ""}))
        shown.append(browser.post("/keys/add/", fields, follow=True))
        key = Key.objects.get()
        here = key.get_absolute_url()
        shown.append(browser.post("/keys/add/", fields))
        shown.append(browser.post(f"{here}check/", follow=True))
        shown.append(browser.post(f"{here}replace/", {"secret": CANARY}, follow=True))
        shown.append(browser.get("/keys/"))
        stored = everything_stored()
        browser.post(f"{here}remove/", follow=True)

    sent = {request.headers.get("authorization") for request in loops.requests}
    places = {
        "pages": "\n".join(each.content.decode() for each in shown),
        "headers of answers": "\n".join(str(each.headers) for each in shown),
        "database": stored,
        "database, after": everything_stored(),
        "logs": caplog.text,
        "cache": str([getattr(each, "_cache", "") for each in caches.all()]),
        "requests": str([(each.path, each.query, each.body) for each in loops.requests]),
    }
    assert [place for place, text in places.items() if SECRET_PART in text] == []
    assert [each for each in sent if each and SECRET_PART in each] == [f"Api-Key {CANARY}"]
    assert "kAnArYbB" in places["pages"]
    assert "canary" in places["database"]
    assert caplog.text.count("/v1/loops/runs") > 0
