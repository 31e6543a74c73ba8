"""All routes of the site, with an example for each URL argument."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote, unquote

from django.urls import URLPattern, URLResolver, get_resolver

from loopsweb.accounts.authorization.decorators import ACCESS_TOKEN
from loopsweb.accounts.models import Role
from loopsweb.resources.models import SavedView, Snooze
from tests.sample_data import REMOTE_ID, SampleData

Examples = dict[str, Callable[[SampleData], Any]]


EXAMPLES: Examples = {
    "workspace": lambda samples: samples.workspace.slug,
    "team": lambda samples: samples.workspace.team_id,
    "member": lambda samples: samples.workspace.team.memberships.get(role=Role.VIEWER).pk,
    "uid": lambda samples: samples.key.uid,
    "remote_id": lambda _: REMOTE_ID,
    "kind": lambda _: "deployments",
    "incident": lambda samples: samples.deactivation.incident,
    "batch": lambda samples: samples.deactivation.batch and samples.deactivation.batch.uid,
    "listed": lambda _: "runs",
    "view": lambda samples: (
        SavedView.objects.create(workspace=samples.workspace, noun="runs", name="kept").pk
    ),
    "snooze": lambda samples: (
        Snooze.objects.get_or_create(
            uid=samples.event.incident,
            workspace=samples.workspace,
            defaults={
                "things": ["key abc"],
                "since": samples.event.at,
                "until": samples.event.at + timedelta(days=1),
            },
        )[0].uid
    ),
    "cleanup": lambda samples: samples.cleanup.uid,
    "sequence": lambda samples: samples.event.sequence,
    "key": lambda _: "abc",
    "form": lambda samples: samples.event.incident,
    "token": lambda samples: samples.token.pk,
    "invitation": lambda samples: samples.invitation.pk,
    "offer": lambda samples: samples.offer.pk,
    "link": lambda _: "abc:def",
    "session": lambda samples: samples.session.pk,
}


QUERIES = {"w/<slug:workspace>/request/": "?of=/w/acme/runs/"}  # of pages that need one


@dataclass(frozen=True)
class Route:
    pattern: str
    view: Callable[..., Any] = field(repr=False)

    @property
    def names(self) -> list[str]:
        return re.findall(r"<(?:\w+:)?(\w+)>", self.pattern)

    @property
    def permission(self) -> str:
        return getattr(self.view, "permission", "")

    def url(self, samples: SampleData) -> str:
        def example(found: re.Match[str]) -> str:
            return quote(str(EXAMPLES[found[1]](samples)))

        path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", example, self.pattern)
        return path + QUERIES.get(self.pattern, "")

    def path(self, samples: SampleData) -> str:
        """The path as the request sees it."""
        return unquote(self.url(samples).partition("?")[0])


def routes(resolver: URLResolver, before: str = "") -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Route(here, pattern.callback)
        else:
            yield from routes(pattern, here)


ALL = list(routes(get_resolver()))
OURS = [
    route for route in ALL if getattr(route.view, "permission", ACCESS_TOKEN) != ACCESS_TOKEN
]  # tests/json_api covers access by token


def get_pattern_id(route: Route) -> str:
    return route.pattern or "/"
