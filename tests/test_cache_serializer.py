"""Nothing that comes out of Redis is executed."""

from __future__ import annotations

import pickle
import runpy
from typing import Any

import pytest
from django.core.cache import CacheHandler
from django.core.cache.backends.filebased import FileBasedCache
from django.core.cache.backends.locmem import LocMemCache
from kombu import serialization
from kombu.exceptions import ContentDisallowed

from loopsweb.cache_serializer import JSONSerializer
from loopsweb.celery import app
from tests.processes import ROOT

ENVIRONMENTS = [
    {"LOOPSWEB_DEMO": demo, "LOOPSWEB_HTTPS": https, "REDIS_URL": redis}
    for demo in ("", "1")
    for https in ("", "1")
    for redis in ("", "redis://localhost:1/0", "rediss://localhost:1/0")
]


@pytest.fixture(params=ENVIRONMENTS, ids=str)
def site_settings(request: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    for name, value in request.param.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(ROOT / "loopsweb" / "settings.py"))


def test_only_memory_and_the_data_directory_hold_pickles(site_settings: dict[str, Any]) -> None:
    """Whoever writes in the data directory has the database and the secrets too."""
    caches: list[Any] = CacheHandler(site_settings["CACHES"]).all()
    files: list[Any] = [each for each in caches if isinstance(each, FileBasedCache)]
    shared = [each for each in caches if not isinstance(each, (FileBasedCache, LocMemCache))]

    folder = str(site_settings["DATA_DIR"] / "viewers")
    assert [each._dir for each in files] == ([] if site_settings["REDIS_URL"] else [folder])
    assert len(shared) == (4 if site_settings["REDIS_URL"] else 0)
    assert {type(each.client._serializer) for each in shared} <= {JSONSerializer}


def test_tasks_are_json(site_settings: dict[str, Any]) -> None:
    assert site_settings["CELERY_ACCEPT_CONTENT"] == ["json"]
    assert site_settings["CELERY_TASK_SERIALIZER"] == "json"


def test_a_worker_refuses_a_pickled_message() -> None:
    accepted = app.amqp.TaskConsumer(app.connection().default_channel).accept
    body = pickle.dumps([(), {}, None])

    with pytest.raises(ContentDisallowed):
        serialization.loads(body, "application/x-python-serialize", "binary", accept=accepted)
