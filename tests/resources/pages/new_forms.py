"""Submits the forms of new runs and samplers."""

from __future__ import annotations

import uuid
from html import unescape
from typing import Any

from django.test import Client

from loopsweb.simulator import Simulator

QWEN, KIMI = "Qwen/Qwen3-8B", "moonshotai/Kimi-K2-Instruct"


def submit(browser: Client, noun: str, fields: dict[str, Any]) -> Any:
    return browser.post(f"/w/acme/{noun}/new/", {"once": str(uuid.uuid4())} | fields)


def list_sent(world: Simulator) -> list[tuple[str, Any]]:
    """(path, body) of each POST."""
    posts = [one for one in world.requests if one.method == "POST"]
    return [(one.path.removeprefix("/v1/loops/"), one.parse_body()) for one in posts]


def read_page(browser: Client, noun: str, **query: str) -> str:
    """The page of the form, in one line and without HTML escapes."""
    return " ".join(unescape(browser.get(f"/w/acme/{noun}/new/", query).content.decode()).split())
