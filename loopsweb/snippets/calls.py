"""Which call of the client gives a page its data, or does what an action does: one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, get_args, get_type_hints

from django.http import QueryDict

from loopsweb.accounts.models import Workspace
from loopsweb.loops_api import Client
from loopsweb.loops_api.request_bodies import NewRun, NewSampler
from loopsweb.resources.checkpoints.models import Checkpoint
from loopsweb.resources.cleanups.request_forms import EXPIRE
from loopsweb.resources.nouns import NOUNS
from loopsweb.resources.samplers.models import Sampler
from loopsweb.ui.filter_values import decode_value

EXAMPLE_DAYS, SECONDS_A_DAY = 30, 86_400
WINDOW = timedelta(hours=1)
ONE_OF = ("run_id", "base_model", "checkpoint_path")
PARAMETERS = {"session": "session_id"}  # of a creation page's URL, where the API says otherwise


class NoRequest(Exception):
    """No single request does. The message says why and what to do."""


@dataclass(frozen=True)
class Page:
    """A page of loopsweb. scope: of lists, `org` for everyone's where the key sees these."""

    workspace: Workspace
    arguments: dict[str, Any]
    query: QueryDict
    scope: str | None
    now: datetime

    @property
    def remote_id(self) -> str:
        return str(self.arguments["remote_id"])

    def collect_fields(self, of: type) -> dict[str, Any]:
        """The fields of a new resource that were typed, with a name in place of what must be."""
        given = {PARAMETERS.get(name, name): str(v) for name, v in self.query.items() if v}
        hints = get_type_hints(of)
        known = {name: given[name] for name in hints if name in given}
        numbers = {
            name: int(value)
            for name, value in known.items()
            if int in get_args(hints[name]) and value.isdecimal()
        }
        return {"session_id": "SESSION_ID", "base_model": "BASE_MODEL"} | known | numbers


Call = Callable[[Client, Page], object]


def get_one(singular: str) -> Call:
    return lambda client, page: getattr(client, f"get_{singular}")(page.remote_id)


def find_checkpoints(client: Client, page: Page) -> object:
    given = {name: decode_value(str(page.query[name])) for name in ONE_OF if page.query.get(name)}
    if len(given) != 1:
        raise NoRequest(
            "The API lists checkpoints of one run, of one base model or of one URI. Filter the "
            "list by one of these, and copy the request then."
        )
    return client.list_checkpoints(**given)


def find_checkpoint(client: Client, page: Page) -> object:
    row = Checkpoint.objects.in_workspace(page.workspace).filter(remote_id=page.remote_id).first()
    if row is None or not row.uri:
        raise NoRequest(
            "The API finds one checkpoint by its URI, and this one's is not known here."
        )
    return client.list_checkpoints(checkpoint_path=row.uri)


def list_sampler_logs(client: Client, page: Page) -> object:
    row = Sampler.objects.in_workspace(page.workspace).filter(remote_id=page.remote_id).first()
    if row is None or not (row.model_id and row.deployment_remote_id):
        raise NoRequest("The API has not said which model and deployment serve this sampler.")
    return client.list_sampler_logs(
        row.model_id, row.deployment_remote_id, start=page.now - WINDOW, end=page.now
    )


def create_run(client: Client, page: Page) -> object:
    fields = page.collect_fields(NewRun)
    if page.query.get("trainer_only"):
        fields.pop("sampler_num_replicas", None)
        return client.create_trainer(**fields)
    return client.create_run(**fields)


def set_expiry(client: Client, page: Page, checkpoint_id: str) -> object:
    """As it was chosen: never, or in some days; else the example."""
    chosen, days = page.query.get("expiry", ""), page.query.get("days", "")
    if chosen == "never":
        return client.set_checkpoint_ttl(checkpoint_id, None)
    number = next((int(one) for one in (chosen, days) if one.isdecimal()), EXAMPLE_DAYS)
    return client.set_checkpoint_ttl(checkpoint_id, number * SECONDS_A_DAY)


def validate_uri(client: Client, page: Page) -> None:
    uri = page.query.get("checkpoint_path") or "CHECKPOINT_URI"
    client.validate_checkpoint(uri, page.query.get("run_id") or None)


def deploy_checkpoint(client: Client, page: Page) -> object:
    names = ("model_name", "instance_type_id", "hf_secret_name")
    fields = {name: page.query.get(name) or name.upper() for name in names}
    return client.deploy_checkpoints([page.remote_id], **fields)


def clean_up(client: Client, page: Page) -> object:
    """Of one of the checkpoints: the API takes them one by one."""
    if page.query.get("action") == EXPIRE:
        return set_expiry(client, page, "CHECKPOINT_ID")
    return client.delete_checkpoint("CHECKPOINT_ID")


def deactivate(client: Client, page: Page) -> object:
    return page.arguments["kind"].deactivate(client, page.remote_id)


CALLS: dict[str, Call] = {
    "sessions:list": lambda client, page: client.list_runs(scope=page.scope),
    "sessions:create": lambda client, page: client.create_session(
        page.query.get("training_project_id") or None
    ),
    "runs:list": lambda client, page: client.list_runs(scope=page.scope),
    "runs:create": create_run,
    "samplers:list": lambda client, page: client.list_samplers(scope=page.scope),
    "samplers:create": lambda client, page: client.create_sampler(
        **page.collect_fields(NewSampler)
    ),
    "checkpoints:list": find_checkpoints,
    "checkpoints:detail": find_checkpoint,
    "checkpoints:files": lambda client, page: client.list_files(page.remote_id),
    "checkpoints:expiry": lambda client, page: set_expiry(client, page, page.remote_id),
    "checkpoints:validate": validate_uri,
    "checkpoints:deploy": deploy_checkpoint,
    "cleanups:plan": clean_up,
    "deployments:list": lambda client, page: client.list_deployments(scope=page.scope),
    "logs-deployments": lambda client, page: client.list_logs(
        page.remote_id, start=page.now - WINDOW, end=page.now
    ),
    "logs-samplers": list_sampler_logs,
    "metrics-deployments": lambda client, page: client.get_metrics(
        page.remote_id, start=page.now - WINDOW, end=page.now
    ),
    "deactivations:new": deactivate,
    **{
        f"{noun.slug}:detail": get_one(noun.singular)
        for noun in NOUNS.values()
        if hasattr(Client, f"get_{noun.singular}")
    },
}
