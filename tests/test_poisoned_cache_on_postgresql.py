"""Somebody else writes into Redis."""

from __future__ import annotations

import os
import pickle
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


@pytest.fixture(params=["pickle", "no text", "deep"])
def poison(request: pytest.FixtureRequest, tmp_path: Path) -> bytes:
    return {
        "pickle": pickle.dumps(Touch(tmp_path / "touched")),
        "no text": b"\xff\xfe",
        "deep": b"[" * 100_000,
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
