"""A planted API key and a presigned link appear nowhere but where they must."""

from __future__ import annotations

import io
import json
import logging
import pickle
import queue
import re
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache, caches
from django.core.cache.backends.locmem import LocMemCache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_redis import get_redis_connection
from pytest_django import Settings

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.chain import delivery, signed_heads
from loopsweb.audit.models import Event
from loopsweb.celery import app
from loopsweb.json_api.schemas import RESOURCES
from loopsweb.keys.models import Key
from loopsweb.resources.models import Checkpoint, Deployment
from loopsweb.resources.polling import poller
from loopsweb.resources.snapshot.poll_state import PollState
from loopsweb.simulator import Simulator
from loopsweb.simulator.identities import Key as KnownKey
from loopsweb.ui.logs import build_formatter
from tests.crawl import crawl
from tests.database_dump import dump_database
from tests.json_api.conftest import create_token
from tests.personas import login_as
from tests.resources.rows import add_row
from tests.visitor import FormParser

CANARY = "canary1.kJ3xTq9ZbV7mWc2R"
UNKNOWN_CANARY = "canary2.pL8sYd4NhG6fXa1Q"
SECRETS = [text.encode() for key in (CANARY, UNKNOWN_CANARY) for text in key.split(".")[1:]]


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """All log output at DEBUG, formatted as by the site."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(build_formatter(as_json=True))
    loggers = [logging.getLogger(name) for name in ("", "httpx", "httpcore", "celery", "kombu")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    loggers[0].addHandler(handler)
    yield written
    loggers[0].removeHandler(handler)
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


@pytest.fixture
def browser(alice: User, acme: Workspace, loops: Simulator) -> Client:
    """alice, who has added the canary and tried a key unknown to the API."""
    organisation = loops.world.keys["demo-org-key"]
    loops.world.keys[CANARY] = KnownKey(
        CANARY,
        organisation.user,
        organisation.scopes,
        organisation.type,
        "canary",
        CANARY.partition(".")[0],
        organisation.created_at,
    )
    alice.is_staff = alice.is_superuser = True
    alice.save()
    client = login_as(alice)
    api_url = re.findall(r'<option value="(http[^"]+)"', client.get("/keys/add/").content.decode())
    form = {"name": "Canary", "workspace": acme.slug, "shared": "on", "api_url": api_url[0]}
    assert client.post("/keys/add/", form | {"secret": UNKNOWN_CANARY}).status_code == 422
    assert client.post("/keys/add/", form | {"secret": CANARY}).status_code == 302
    return client


def poll(now: datetime) -> None:
    PollState.objects.update(next_poll_at=now)
    for state in PollState.objects.all():
        poller.run_poll(state.pk, clock=lambda: now)


def drain_broker() -> list[bytes]:
    """Return all messages on the broker and remove them."""
    bodies = list[bytes]()
    with app.connection() as broker, broker.SimpleQueue("celery") as waiting:
        while True:
            try:
                message = waiting.get(block=False)
            except queue.Empty:
                return bodies
            bodies.append(json.dumps([message.headers, message.payload]).encode())
            message.ack()


def dump_caches() -> bytes:
    if isinstance(caches["default"], LocMemCache):
        every = caches.all()
        kept = [b for each in every if isinstance(each, LocMemCache) for b in each._cache.values()]  # type: ignore[attr-defined]
        return b"\n".join([*kept, *read_cache_files(Path(caches["viewers"]._dir))])  # type: ignore[attr-defined]
    redis = get_redis_connection("default")
    return b"\n".join((redis.dump(name) or b"") + name for name in redis.keys("*"))


def read_cache_files(folder: Path) -> Iterator[bytes]:
    for path in folder.iterdir():
        with path.open("rb") as file:
            pickle.load(file)  # noqa: S301 (its expiry)
            yield zlib.decompress(file.read())


def deliver_audit_head(acme: Workspace, settings: Settings, tmp_path: Path, now: datetime) -> bytes:
    """Return the delivered signed head and the output of the audit commands."""
    settings.LOOPSWEB_AUDIT_HEADS_FILE = str(tmp_path / "heads")
    settings.LOOPSWEB_AUDIT_HEADS_EMAIL = "auditor@example.com"
    assert delivery.deliver_head(signed_heads.store_signed_head(acme.slug, now=now)) == []
    output = io.StringIO()
    for command in (
        ["audit", "verify"],
        ["audit", "export", "--workspace", acme.slug, "--output", "-"],
    ):
        call_command(*command, stdout=output)
    letters = [f"{letter.subject}\n{letter.body}" for letter in mail.outbox]
    return "\n".join([(tmp_path / "heads").read_text(), output.getvalue(), *letters]).encode()


def call_json_api(alice: User, acme: Workspace, ending: str) -> bytes:
    """Return the answers of every list and of one deactivation."""
    secret = create_token(alice, acme, scope="act", now=timezone.now()).secret
    script = Client(headers={"Authorization": f"Bearer {secret}"})
    answers = [script.get(f"/api/v1/w/{acme.slug}/{noun}/?page_size=500") for noun in RESOURCES]
    assert {answer.status_code for answer in answers} == {200}
    url = f"/api/v1/w/{acme.slug}/deployments/{ending}/deactivation/"
    sent = {"reason": "idle", "confirm": ending}
    answers.append(script.post(url, sent, content_type="application/json"))
    assert answers[-1].status_code == 200, answers[-1].content
    return b"\n".join(answer.content for answer in answers)


def find_secrets(secrets: list[bytes], **places: bytes) -> dict[str, list[bytes]]:
    seen = {name: [s for s in secrets if s in content] for name, content in places.items()}
    return {name: secrets for name, secrets in seen.items() if secrets}


def test_a_key_appears_only_in_the_api_header(
    browser: Client,
    alice: User,
    acme: Workspace,
    loops: Simulator,
    logs: io.StringIO,
    now: datetime,
    settings: Settings,
    tmp_path: Path,
) -> None:
    poll(now)
    pages = dict[str, bytes]()
    for echo in ({"message": f"no such key {CANARY}"}, f"<h1>{CANARY}</h1>", {"error": CANARY}):
        loops.add_fault("GET /v1/loops/samplers", "status", status=400, body=echo)
        poll(now + timedelta(minutes=1))
        pages[str(echo)] = browser.get(f"/w/{acme.slug}/samplers/").content
    deployment, other = Deployment.objects.in_workspace(acme).filter(status="RUNNING")[:2]
    ending = reverse("deactivations:new", args=[acme.slug, "deployments", deployment.remote_id])
    filled = {"reason": f"It is {deployment.remote_id}", "typed": deployment.remote_id}
    assert browser.post(ending, filled).status_code == 302
    api = call_json_api(alice, acme, other.remote_id)
    pages |= crawl(browser, "/", "/keys/", "/teams/", "/tokens/", "/admin/", skip="/logout/")
    lists = [f"/w/{acme.slug}/{each}/" for each in RESOURCES]
    exports = [*lists, *(f"/w/{acme.slug}/audit/{each}/" for each in ("export", "head"))]
    for path in exports:
        exported: Any = browser.post(path)
        assert exported.status_code == 200, path
        pages[f"exported {path}"] = b"".join(exported)

    assert (
        find_secrets(
            SECRETS,
            pages=b"\n".join(pages.values()),
            api=api,
            handed_out=deliver_audit_head(acme, settings, tmp_path, now),
            database=dump_database(),
            cache=dump_caches(),
            broker=b"\n".join(drain_broker()),
            logs=logs.getvalue().encode(),
            audit=repr(list(Event.objects.values())).encode(),
            objects=repr(list(Key.objects.all())).encode(),
        )
        == {}
    )
    headers = {name for r in loops.requests for name, text in r.headers.items() if CANARY in text}
    assert headers == {"authorization"}
    assert [r.path for r in loops.requests if CANARY in f"{r.path}{r.query}{r.body!r}"] == []


def test_a_presigned_link_appears_only_on_the_page_that_was_asked_for(
    browser: Client, acme: Workspace, loops: Simulator, logs: io.StringIO, now: datetime
) -> None:
    poll(now)
    on_volumes = [one.id for one in loops.world.checkpoints.values() if one.volume_ref]
    complete = Checkpoint.objects.in_workspace(acme).filter(sync_status="COMPLETE")
    checkpoint = complete.exclude(remote_id__in=on_volumes).earliest("remote_id")
    address = reverse("checkpoints:files", args=[acme.slug, checkpoint.remote_id])
    files = browser.get(address, {"load": "now"})
    forms = FormParser(files.content.decode()).found
    [url, fields] = next(form for form in forms if form[0].endswith("/download/"))
    shown = browser.post(url, fields)
    assert shown.status_code == 200
    signature = re.findall(r"X-Amz-Signature=(\w+)", shown.content.decode())
    assert len(signature) == 1
    pages = crawl(browser, "/", skip="/logout/")
    assert (
        find_secrets(
            [signature[0].encode()],
            files=files.content,
            pages=b"\n".join(pages.values()),
            database=dump_database(),
            cache=dump_caches(),
            logs=logs.getvalue().encode(),
        )
        == {}
    )


def test_secrets_in_the_logs_of_a_deployment_appear_nowhere(
    browser: Client, acme: Workspace, loops: Simulator, logs: io.StringIO, now: datetime
) -> None:
    poll(now)
    deployment = loops.world.add_deployment(id="chatty")
    add_row(Deployment, acme, "chatty")
    signature = "c0ffee42" * 8
    texts = (f"api_key={UNKNOWN_CANARY}", f"PUT https://s3.example/x?X-Amz-Signature={signature}")
    line = {"timestamp": f"{int(timezone.now().timestamp())}000000000", "level": "INFO"}
    deployment.logs = [line | {"message": text} for text in texts]
    url = reverse("logs-deployments", args=[acme.slug, "chatty"])
    pages = [browser.get(f"{url}?load=now{search}") for search in ("", "&q=PUT")]
    tail = browser.get(f"{url}?since=1", headers={"hx-request": "true", "hx-target": "tail"})
    shown = b"".join([*(page.content for page in (*pages, tail)), *browser.post(url)])
    assert shown.count(b"[redacted]") == 8
    deployment.logs = [line | {"message": f"my key is {CANARY}"}]
    refused = browser.get(f"{url}?load=now").content
    assert b"contains the API key itself" in refused
    assert (
        find_secrets(
            [*SECRETS, signature.encode()],
            pages=shown + refused,
            database=dump_database(),
            cache=dump_caches(),
            logs=logs.getvalue().encode(),
        )
        == {}
    )


def test_the_search_finds_planted_secrets(acme: Workspace, logs: io.StringIO) -> None:
    """Otherwise the other tests could not fail."""
    cache.set("left", "behind-in-the-cache")
    logging.getLogger("httpx").debug("behind-in-the-logs")
    app.send_task("loopsweb.resources.tasks.tick", ("behind-on-the-broker",))
    User.objects.create_user("behind-in-the-database@example.com")
    places = {
        "cache": dump_caches(),
        "logs": logs.getvalue().encode(),
        "broker": b"\n".join(drain_broker()),
        "database": dump_database(),
    }
    assert sorted(find_secrets([b"behind-"], **places)) == ["broker", "cache", "database", "logs"]
    assert pickle.dumps("behind-in-the-cache") in places["cache"] or b"behind-in" in places["cache"]
