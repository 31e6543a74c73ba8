"""Somebody else writes into Redis."""

from __future__ import annotations

import json
import os
import pickle
import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import caches
from django.test import Client
from django.urls import reverse
from django_redis import get_redis_connection

from loopsweb.accounts.models import User, Workspace
from loopsweb.resources.models import Run
from tests.personas import login_as
from tests.resources.rows import add_row

ALIASES = sorted(settings.CACHES)


class Touch:
    """Creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mknod, (str(self.path),)


@pytest.fixture(params=["pickle", "no text", "deep", "number", "list", "object"])
def poison(request: pytest.FixtureRequest, tmp_path: Path) -> bytes:
    return {
        "pickle": pickle.dumps(Touch(tmp_path / "touched")),
        "no text": b"\xff\xfe",
        "deep": b"[" * 100_000,
        "number": b"7",
        "list": b"[1]",
        "object": b'{"a": 1}',
    }[request.param]


def replace_all_values(poison: bytes) -> int:
    redis = get_redis_connection("default")
    names = [name for name in redis.keys("*") if redis.type(name) == b"string"]
    for name in names:
        redis.set(name, poison, keepttl=True)
    return len(names)


@pytest.mark.parametrize("alias", ALIASES)
def test_a_poisoned_value_is_a_miss(alias: str, poison: bytes, tmp_path: Path) -> None:
    cache = caches[alias]
    cache.set("a", "value")
    assert replace_all_values(poison) == 1

    assert (cache.get("a"), cache.get("a", "default"), cache.get_many(["a"])) == (
        None,
        "default",
        {},
    )
    cache.set("a", "new")
    assert cache.get("a") == "new"
    assert list(tmp_path.iterdir()) == []


def test_pages_open_as_if_nothing_had_been_cached(
    vic: User, acme: Workspace, poison: bytes, tmp_path: Path
) -> None:
    add_row(Run, acme, "k4q95w5")
    browser = login_as(vic)
    pages = [
        reverse("runs:list", args=[acme.slug]),
        reverse("dashboard:overview", args=[acme.slug]),
    ]
    before = [browser.get(page) for page in pages]
    assert replace_all_values(poison) >= len(ALIASES)

    after = [browser.get(page) for page in pages]

    assert [each.status_code for each in (*before, *after)] == [200] * 4
    assert "k4q95w5" in after[0].content.decode()
    assert list(tmp_path.iterdir()) == []


def test_a_poisoned_limit_starts_anew(poison: bytes, alice: User) -> None:
    wrong = {"login": alice.email, "password": "wrong"}
    Client().post("/accounts/login/", wrong)
    replace_all_values(poison)

    assert Client().post("/accounts/login/", wrong).status_code == 200


def test_a_session_cannot_be_made_up(vic: User) -> None:
    """One that confirms the person for years, and names a function to call."""
    browser = login_as(vic)
    browser.get("/keys/")
    before = dict(browser.session.items())
    made_up = {
        **before,
        "account_authentication_methods": [{"method": "password", "at": time.time() + 1e9}],
        "account_reauthentication_state": {"callback": "django.shortcuts.render", "state": "x"},
    }
    replace_all_values(json.dumps(made_up).encode())

    assert dict(browser.session.items()) == before


def test_a_value_counts_under_its_name_alone() -> None:
    cache, other = caches["default"], caches["tables"]
    cache.set("a", "value")
    redis = get_redis_connection("default")
    [signed] = [redis.get(name) for name in redis.keys("*")]
    cache.set("b", "another")
    other.set("a", "another")

    assert replace_all_values(signed) == 3
    assert (cache.get("a"), cache.get("b"), other.get("a")) == ("value", None, None)
