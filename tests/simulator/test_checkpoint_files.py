"""Pages of files, and their presigned URLs."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from loopsweb.simulator import Simulator
from loopsweb.simulator.entities import Run, StoredFile
from tests.simulator.http_calls import build_client, send_request

SEVEN = [StoredFile(f"shard-{number}", 10 * number, node_rank=number % 2) for number in range(7)]


@pytest.fixture
def run(either: Simulator) -> Run:
    either.world.clear()
    return either.world.add_run(id="r")


def get_page(simulator: Simulator, query: str = "") -> Any:
    return send_request(simulator, f"GET /v1/loops/checkpoints/c/files{query}").json()


@pytest.mark.parametrize(
    ("query", "shards", "following"),
    [
        ("", range(7), None),
        ("?page_size=1", [0], 1),
        ("?page_size=1&page_token=6", [6], None),
        ("?page_size=3&page_token=3", [3, 4, 5], 6),
        ("?page_size=7", range(7), None),
        ("?page_size=6", range(6), 6),
        ("?page_token=7", [], None),
        ("?page_token=999999999", [], None),
        ("?page_size=999999999", range(7), None),
    ],
)
def test_a_page_has_size_and_offset(
    either: Simulator, run: Run, query: str, shards: list[int], following: int | None
) -> None:
    either.world.add_checkpoint(run=run, id="c", files=SEVEN)
    page = get_page(either, query)
    assert [one["relative_file_name"] for one in page["presigned_urls"]] == [
        f"shard-{number}" for number in shards
    ]
    assert (page["next_page_token"], page["total_count"]) == (following, 7)


@pytest.mark.parametrize(
    "query",
    [
        "?page_size=0",
        "?page_size=-1",
        "?page_size=ten",
        "?page_size=",
        "?page_size=1.5",
        "?page_size=99999999999999999999999",
        "?page_token=-1",
        "?page_token=x",
        "?page_token=٣",
    ],
)
def test_an_invalid_page_is_400(either: Simulator, run: Run, query: str) -> None:
    either.world.add_checkpoint(run=run, id="c", files=SEVEN)
    assert send_request(either, f"GET /v1/loops/checkpoints/c/files{query}").status_code == 400


def test_a_page_has_a_thousand_files_by_default(either: Simulator) -> None:
    world = either.world
    checkpoint = next(one for one in world.checkpoints.values() if one.node_count > 1)
    route = f"GET /v1/loops/checkpoints/{checkpoint.id}/files"
    first = send_request(either, route).json()
    rest = send_request(either, f"{route}?page_token={first['next_page_token']}").json()
    both = first["presigned_urls"] + rest["presigned_urls"]
    assert (len(first["presigned_urls"]), first["next_page_token"]) == (1000, 1000)
    assert (len(both), first["total_count"], rest["next_page_token"]) == (1204, 1204, None)
    assert sum(one["size_bytes"] for one in both) == checkpoint.size_bytes
    assert {one["node_rank"] for one in both} == set(range(checkpoint.node_count))


def test_file_sizes_add_up_to_the_checkpoint(either: Simulator, run: Run) -> None:
    checkpoint = either.world.add_checkpoint(run=run, id="c", node_count=2)
    files = get_page(either)["presigned_urls"]
    assert [(one["relative_file_name"], one["node_rank"]) for one in files] == [
        ("rank_0/adapter_model.safetensors", 0),
        ("rank_0/optimizer.safetensors", 0),
        ("rank_1/adapter_model.safetensors", 1),
        ("rank_1/optimizer.safetensors", 1),
        ("adapter_config.json", 0),
    ]
    assert sum(one["size_bytes"] for one in files) == checkpoint.size_bytes


def test_a_syncing_checkpoint_has_no_files(either: Simulator, run: Run) -> None:
    either.world.add_checkpoint(run=run, id="c", sync_status="SYNCING")
    assert get_page(either) == {"presigned_urls": [], "next_page_token": None, "total_count": 0}


def download(simulator: Simulator, url: str) -> httpx.Response:
    with build_client(simulator, None) as http:
        return http.get(url)


def test_a_presigned_url_serves_the_file_without_a_key(either: Simulator, run: Run) -> None:
    either.world.add_checkpoint(run=run, id="c", target="sampler", size_bytes=100_000)
    model, config = get_page(either)["presigned_urls"]
    served = download(either, model["url"])
    assert (served.status_code, len(served.content)) == (200, model["size_bytes"])
    header = int.from_bytes(served.content[:8], "little")
    assert json.loads(served.content[8 : 8 + header]) == {
        "__metadata__": {"checkpoint": "step-100"}
    }
    assert download(either, config["url"]).json()["r"] == 64


@pytest.mark.parametrize(
    ("wanted", "start", "stop"),
    [
        ("bytes=0-", 0, 200_000),
        ("bytes=0-0", 0, 1),
        ("bytes=40-69999", 40, 70_000),
        ("bytes=70000-999999999", 70_000, 200_000),
        ("bytes=-5", 199_995, 200_000),
    ],
)
def test_a_part_of_a_file_is_the_same_bytes(
    either: Simulator, run: Run, wanted: str, start: int, stop: int
) -> None:
    either.world.add_checkpoint(run=run, id="c", files=[StoredFile("a.safetensors", 200_000)])
    url = get_page(either)["presigned_urls"][0]["url"]
    with build_client(either, None) as http:
        whole, part = http.get(url).content, http.get(url, headers={"range": wanted})
    assert (part.status_code, part.content) == (206, whole[start:stop])
    assert part.headers["content-range"] == f"bytes {start}-{stop - 1}/200000"


@pytest.mark.parametrize("wanted", ["bytes=10-", "bytes=-", "bytes=0-1,3-4", "lines=1-2"])
def test_a_range_outside_of_a_file_is_416(either: Simulator, run: Run, wanted: str) -> None:
    either.world.add_checkpoint(run=run, id="c", files=[StoredFile("a.bin", 10)])
    url = get_page(either)["presigned_urls"][0]["url"]
    with build_client(either, None) as http:
        answer = http.get(url, headers={"range": wanted})
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */10")


def test_a_presigned_url_has_signature_fields(either: Simulator, run: Run) -> None:
    either.world.add_checkpoint(run=run, id="c", target="sampler")
    url = urlsplit(get_page(either)["presigned_urls"][0]["url"])
    query = dict(parse_qsl(url.query))
    assert (url.scheme, url.netloc, query["X-Amz-Expires"]) == ("http", "api.test", "900")
    assert len(query["X-Amz-Signature"]) == 64


def test_a_presigned_url_expires(either: Simulator, run: Run) -> None:
    either.world.add_checkpoint(run=run, id="c", target="sampler", size_bytes=5000)
    url = get_page(either)["presigned_urls"][0]["url"]
    either.advance(899)
    assert download(either, url).status_code == 200
    either.advance(1)
    expired = download(either, url)
    assert (expired.status_code, expired.headers["content-type"]) == (403, "application/xml")
    assert download(either, get_page(either)["presigned_urls"][0]["url"]).status_code == 200


def test_a_changed_url_is_refused(either: Simulator, run: Run) -> None:
    either.world.add_checkpoint(run=run, id="c", target="sampler")
    url = get_page(either)["presigned_urls"][0]["url"]
    for changed in (
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        url.replace("X-Amz-Expires=900", "X-Amz-Expires=999"),
        url.replace("/c/0/", "/c/1/"),
        url.partition("?")[0],
    ):
        assert download(either, changed).status_code == 403


def test_a_presigned_url_refuses_an_api_key(either: Simulator, run: Run) -> None:
    either.world.add_checkpoint(run=run, id="c", target="sampler")
    url = get_page(either)["presigned_urls"][0]["url"]
    with build_client(either) as http:
        assert http.get(url).status_code == 400


def test_files_of_a_deleted_checkpoint_are_404(either: Simulator, run: Run) -> None:
    checkpoint = either.world.add_checkpoint(run=run, id="c", target="sampler")
    url = get_page(either)["presigned_urls"][0]["url"]
    either.world.remove_checkpoint(checkpoint)
    assert download(either, url).status_code == 404


def test_a_file_above_the_limit_is_501(either: Simulator, run: Run) -> None:
    either.world.add_checkpoint(run=run, id="c", files=[StoredFile("huge", 2**53)])
    (file,) = get_page(either)["presigned_urls"]
    assert file["size_bytes"] == 2**53
    assert download(either, file["url"]).status_code == 501
