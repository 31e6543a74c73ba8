from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from bench import timing
from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.nouns import NOUNS

ROUNDS = 60
Get = Callable[[str], bytes]


class Site:
    """Calls the site like a WSGI server, as one signed-in person."""

    def __init__(self, person: User) -> None:
        client = Client()
        client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
        self.session = client.session.cache_key  # type: ignore[attr-defined]
        name = settings.SESSION_COOKIE_NAME
        self.cookie = f"{name}={client.cookies[name].value}"
        self.application = WSGIHandler()
        self.headers: dict[str, str] = {}

    def clear_cached_pages(self) -> None:
        """Empty the cache except for the session."""
        session = cache.get_many([self.session])
        cache.clear()
        cache.set_many(session)

    def get(self, path: str) -> bytes:
        environ = (
            RequestFactory().get(path, headers={"cookie": self.cookie, "host": "localhost"}).environ
        )
        status: list[str] = []

        def start_response(
            line: str, headers: list[tuple[str, str]], exc_info: object = None, /
        ) -> Callable[[bytes], object]:
            status.append(line)
            self.headers = dict(headers)
            return lambda _body: None

        body = b"".join(self.application(environ, start_response))
        assert status[0][:3] in {"200", "204"}, (path, status)
        return body


def measure(key: Key) -> None:
    site, workspace = Site(key.owner), key.workspace
    runs = f"/w/{workspace.slug}/runs/"
    size = len(site.get(runs))
    unchanged = f"{runs}?v={site.headers['Loopsweb-Version']}"

    def cold() -> None:
        site.clear_cached_pages()
        site.get(runs)

    spent = timing.measure_medians(
        {
            "warm": partial(site.get, runs),
            "cold": cold,
            "poll": partial(site.get, unchanged),
            "search": partial(site.get, f"/w/{workspace.slug}/search/?q=nothing+has+this"),
            "bare": partial(site.get, f"/bare/{size}/"),
            "bare empty": partial(site.get, "/bare/0/"),
        },
        rounds=ROUNDS,
    )
    baseline = f"a bare signed-in view of {size // 1000} kB"
    print(timing.format_line("50 of the runs, warm", spent["warm"], baseline, spent["bare"]))
    print(timing.format_line("50 of the runs, cold", spent["cold"], baseline, spent["bare"]))
    print(timing.format_line("A search of all rows", spent["search"], baseline, spent["bare"]))
    empty_baseline = "a bare signed-in view, empty"
    print(
        timing.format_line(
            "A live poll, unchanged", spent["poll"], empty_baseline, spent["bare empty"]
        )
    )
    print_query_counts(site, workspace, unchanged)


def print_query_counts(site: Site, workspace: Workspace, unchanged: str) -> None:
    print("\nQueries of a page, cold / warm:")
    start = f"/w/{workspace.slug}/"
    paths = {"overview": start, "audit": f"{start}audit/", "search": f"{start}search/?q=none"}
    for slug, noun in NOUNS.items():
        paths[slug] = f"{start}{slug}/"
        one = noun.model.objects.in_workspace(workspace).values_list("remote_id", flat=True)[0]
        paths[f"one of the {slug}"] = f"{start}{slug}/{one}/"
        if slug == "runs":
            paths |= {
                f"{name} of it": f"{start}{slug}/{one}/{name}/"
                for name in ("lineage", "checkpoints")
            }
            paths["compared with itself"] = f"{start}{slug}/compare/?a={one}&b={one}"
        if slug == "checkpoints":
            paths["storage"] = f"{start}{slug}/storage/"
        if slug == "deployments":
            paths |= {
                f"{name} of it": f"{start}{slug}/{one}/{name}/" for name in ("logs", "metrics")
            }
    for name, path in paths.items():
        site.clear_cached_pages()
        print(
            f"  {name:24} {count_page_queries(site, path):3} / {count_page_queries(site, path):3}"
        )
    site.get(unchanged)
    print(f"  {'unchanged live poll':24}       {count_page_queries(site, unchanged):3}")
    print(f"  {'bare signed-in view':24}       {count_page_queries(site, '/bare/0/'):3}\n")


def count_page_queries(site: Site, path: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        site.get(path)
    return len(captured)
