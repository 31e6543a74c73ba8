"""Where the logs of a deployment or sampler come from: one route of the API for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.loops_api import Client
from loopsweb.loops_api.errors import LoopsError, NotFound, StatusError
from loopsweb.loops_api.undocumented_types import LogLine
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.pages.live_calls import NoAnswer, call_api
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.telemetry.log_pages import LIMIT, Direction, Fetch

Row = Deployment | Sampler
NOT_OFFERED = "This server does not offer {what}. Newer servers of the Loops API do."
NOT_FOUND = "The Loops API does not find {id}, or this API key may not see it."
UNCLEAR = (
    "The Loops API answered that there is nothing. Either it does not offer {what}, or it does not "
    "find {id}. Try again in a moment."
)
SERVERLESS = "This sampler is serverless: it has no deployment of its own whose logs could be read."
NO_IDS = (
    "The API has not said which model and deployment this sampler has. Its logs are found by them."
)
ROUTE_IS_MISSING = frozenset({HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED})


@dataclass(frozen=True)
class Logger:
    """What has logs. method: of the client, which reads them."""

    slug: str
    noun: str
    model: type[Row]
    method: str


LOGGERS = (
    Logger("deployments", "deployment", Deployment, "list_logs"),
    Logger("samplers", "sampler", Sampler, "list_sampler_logs"),
)


class NotOffered(NoAnswer):
    """Asking again would not help."""

    status = HTTPStatus.OK


@contextmanager
def ask_about(
    request: WorkspaceRequest, row: Row, what: str, *, method: str, rate: str = "ask_api"
) -> Iterator[Client]:
    """A client for calls of `method` about `row`. Raises NoAnswer, whose words tell a server
    without such a route from one that does not find the row.

    what: is asked for, as "logs". rate: as of `call_api`.
    """
    with call_api(request, method, rate=rate) as client:
        try:
            yield client
        except NotFound:
            raise explain_not_found(client, row, what) from None
        except StatusError as error:
            if error.status in ROUTE_IS_MISSING:
                raise NotOffered(NOT_OFFERED.format(what=what)) from error
            raise


def explain_not_found(client: Client, row: Row, what: str) -> NoAnswer:
    """Ask for the row itself: if it is there, the route is not."""
    get = client.get_deployment if isinstance(row, Deployment) else client.get_sampler
    try:
        get(row.remote_id)
    except NotFound:
        return NotOffered(NOT_FOUND.format(id=row.remote_id))
    except LoopsError:
        return NoAnswer(UNCLEAR.format(what=what, id=row.remote_id))
    return NotOffered(NOT_OFFERED.format(what=what))


def build_fetch(client: Client, row: Row, level: str) -> Fetch:
    """level: the lowest, "" for all. Raises NotOffered if it is not known by what its logs are
    found."""
    call: Callable[..., Sequence[LogLine]]
    if isinstance(row, Deployment):
        call = partial(client.list_logs, row.remote_id)
    elif row.model_id and row.deployment_remote_id:
        call = partial(client.list_sampler_logs, row.model_id, row.deployment_remote_id)
    else:
        raise NotOffered(SERVERLESS if row.is_serverless else NO_IDS)

    def fetch(start: datetime, end: datetime, direction: Direction) -> Sequence[LogLine]:
        return call(start=start, end=end, direction=direction, limit=LIMIT, min_level=level or None)

    return fetch
