from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import stamina

from loopsweb.loops_api import Client
from loopsweb.loops_api.client import Generation
from tests.loops_api.served import Served

BASE = "https://api.example.test"
KEY = "Kanary12.s3cretpartofthekey"


@pytest.fixture(autouse=True)
def retries_without_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=99, cap=True):
        yield


@pytest.fixture
def served() -> Served:
    return Served()


@pytest.fixture
def client(served: Served) -> Client:
    return client_of(served)


def client_of(served: Served, generation: Generation = "current", key: str = KEY) -> Client:
    http = httpx.Client(transport=httpx.WSGITransport(app=served))
    return Client(base_url=BASE, key=key, generation=generation, http=http)
