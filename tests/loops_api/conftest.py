from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
import stamina

from loopsweb.loops_api import Client, Limits, connection_pool, errors
from loopsweb.loops_api.client import Generation
from tests.loops_api.scripted_server import ScriptedServer

BASE = "https://api.example.test"
KEY = "Kanary12.s3cretpartofthekey"


@pytest.fixture(autouse=True)
def skip_retry_waits() -> Iterator[None]:
    with stamina.set_testing(True, attempts=99, cap=True):
        yield


@pytest.fixture
def shared_pool() -> Iterator[None]:
    """For tests over real sockets: closes the connections that they opened."""
    yield
    connection_pool.get_shared_pool().close()
    connection_pool.get_shared_pool.cache_clear()


@pytest.fixture
def server() -> ScriptedServer:
    return ScriptedServer()


@pytest.fixture
def client(server: ScriptedServer) -> Client:
    return build_client(server)


def build_client(
    server: ScriptedServer, generation: Generation = "current", key: str = KEY
) -> Client:
    http = httpx.WSGITransport(app=server)
    return Client(base_url=BASE, key=key, generation=generation, http=http)


def catch_error(base_url: str, limits: Limits) -> errors.LoopsError:
    with pytest.raises(errors.LoopsError) as caught:
        Client(base_url=base_url, key=KEY, limits=limits).deactivate_run("r1")
    return caught.value
