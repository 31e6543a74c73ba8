"""A list as it was at a moment of the past: what was there, as far as it was observed. Nothing on
it can be acted on, since nothing on it need be so any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any, TypeVar, cast

from django.db.models import Q
from django.http.response import HttpResponseBase
from django.utils import timezone

from loopsweb.accounts.authorization.decorators import WorkspaceRequest
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.deployments.run_pairing import TRAINER_ONLY
from loopsweb.resources.history.moments import select_moment
from loopsweb.resources.history.observation import Interval, Observation, load_observation
from loopsweb.resources.nouns import Noun, find_noun
from loopsweb.resources.pages.exports import record_export
from loopsweb.resources.snapshot.models import GPUHolder, Snapshot
from loopsweb.retention import find_cutoff
from loopsweb.ui.csv_export import csv_response
from loopsweb.ui.facets import Facets
from loopsweb.ui.filter_values import decode_value
from loopsweb.ui.filters import Filter, ListSpec
from loopsweb.ui.listing import parse_query
from loopsweb.ui.pages import render_page
from loopsweb.ui.timestamps import format_utc, parse_utc

Row = TypeVar("Row", bound=Snapshot)
LASTING = ("base_model", "owner", "target", "session_id", "run_id")  # filters that hold for ever
SORTS = frozenset({"remote_id", "created_at", "first_seen_at", "name", "base_model", "owner_email"})
NOT_A_TIME = "This is no time. Write it as in 2026-11-24T03:00Z."
IN_FUTURE = "This time has not come yet. Choose one that has passed."
COLUMNS = ["name", "status_then", "is_known_then", "base_model", "owner_email", "created_at"]


class NoMoment(ValueError):
    """The text is no time that has passed. Its text says so."""


def parse_moment(text: str, *, now: datetime) -> datetime:
    """A time in ISO 8601, in UTC unless it says otherwise. Raises NoMoment."""
    try:
        at = parse_utc(text.strip().replace(" ", "+" if "T" in text else "T"))
    except ValueError as error:
        raise NoMoment(NOT_A_TIME) from error
    if at > now:
        raise NoMoment(IN_FUTURE)
    return at


@dataclass(frozen=True)
class Moment:
    """observation: of the noun's feed. kept_since: nothing is known of times before it."""

    at: datetime
    observation: Observation
    kept_since: datetime | None

    @classmethod
    def load(cls, noun: Noun, request: WorkspaceRequest, at: datetime, now: datetime) -> Moment:
        kept_since = find_cutoff(now)
        begin = kept_since or datetime.min.replace(tzinfo=UTC)
        seen = load_observation(request.workspace, noun.feed, since=begin, now=now)
        return cls(at, seen, kept_since)

    @property
    def is_kept(self) -> bool:
        return self.kept_since is None or self.at >= self.kept_since

    @property
    def is_observed(self) -> bool:
        return bool(self.observation.find_keys(self.at))

    @property
    def gap(self) -> Interval | tuple[datetime | None, datetime | None]:
        """The last answer before this time, and the first one after it."""
        observed = self.observation.of_any
        before = [until for _, until in observed if until < self.at]
        after = [since for since, _ in observed if since > self.at]
        return max(before, default=None), min(after, default=None)


@dataclass(frozen=True)
class PastLine:
    """gpus, usd: of its own machines then, None where unknown. usd: per hour, at today's price."""

    at: datetime
    row: Any
    gpus: int | None = None
    usd: Decimal | None = None

    @property
    def gpus_of(self) -> str:
        return TRAINER_ONLY if isinstance(self.row, Deployment) else ""


def render_past_list(
    request: WorkspaceRequest, model: type[Row], spec: ListSpec
) -> HttpResponseBase:
    """The list at the time `at` of the URL; 400 where that is none."""
    noun, now = find_noun(model), timezone.now()
    context: dict[str, Any] = {"noun": noun, "given": request.GET["at"][:100], "is_past": True}
    template = "resources/past_list.html"
    try:
        at = parse_moment(request.GET["at"], now=now)
    except NoMoment as error:
        context["problem"] = str(error)
        return render_page(request, template, context, status=HTTPStatus.BAD_REQUEST)
    moment = Moment.load(noun, request, at, now)
    selected = select_moment(request.workspace, model, at=at, observation=moment.observation)
    past = build_spec(spec, noun)
    query = parse_query(past, request.GET)
    query.chosen["at"] = format_utc(at)
    if not moment.is_kept or query.refusals:
        selected = selected.none()
    if request.method == "POST" and not query.refusals:
        record_export(request, noun, query)
        lines = build_lines(request, query.select(selected).iterator(chunk_size=2000), at)
        return csv_response(list_columns(noun), lines, name=f"{noun.slug}-past", as_of=at)
    page = query.page(selected, Facets())
    fields = {field.name for field in model._meta.concrete_fields}
    status_name = find_status_filter(spec, noun)
    context |= {
        "moment": moment,
        "query": query,
        "page": page,
        "lines": list(build_lines(request, page.rows, at)),
        "vocabulary": noun.vocabulary,
        "noun_name": noun.name_for(page.found),
        "detail_url": f"{noun.slug}:detail",
        "texts": [
            (one, query.chosen.get(one.name, "")) for one in past.filters if one.name in LASTING
        ],
        "status_name": status_name,
        "chosen_status": query.chosen.get(status_name, ""),
        "shows_model": "base_model" in fields,
        "shows_owner": "owner_email" in fields,
        "shows_gpus": issubclass(model, GPUHolder),
        "of_trainer": issubclass(model, Deployment),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if query.refusals else HTTPStatus.OK
    return render_page(request, template, context, status=status)


def build_spec(spec: ListSpec, noun: Noun) -> ListSpec:
    """With the filters that hold for ever, and that of the status as it was then."""
    filters = [Filter("at", "As of", where=lambda _: Q())]
    filters += [one for one in spec.filters if one.name in LASTING and one.field]
    if name := find_status_filter(spec, noun):
        filters.append(
            Filter(name, "Status then", where=lambda word: Q(status_then=decode_value(word)))
        )
    sorts = {name: field for name, field in spec.sorts.items() if field in SORTS}
    status = {"status": "status_then"} if noun.vocabulary else {}
    default = spec.default_sort
    if default.removeprefix("-") not in sorts:
        default = next(iter(sorts))
    return ListSpec(
        searched=spec.searched,
        filters=tuple(filters),
        sorts=sorts | status,
        default_sort=default,
        apart=Q(is_known_then=False),
    )


def find_status_filter(spec: ListSpec, noun: Noun) -> str:
    field = noun.model.status_field if noun.vocabulary else ""
    return next((one.name for one in spec.filters if field and one.field == field), "")


def build_lines(request: WorkspaceRequest, rows: Iterable[Any], at: datetime) -> Iterator[PastLine]:
    catalogue = Catalogue.objects.filter(workspace=request.workspace).first()
    return (build_line(row, at, catalogue) for row in rows)


def build_line(row: Any, at: datetime, catalogue: Catalogue | None) -> PastLine:
    if not isinstance(row, GPUHolder):
        return PastLine(at, row)
    then = cast("Any", row)
    if row.is_serverless or then.status_then in row.vocabulary.without_gpus:
        return PastLine(at, row, 0, Decimal(0))
    if not then.is_known_then or row.gpus_of_machines is None:
        return PastLine(at, row)
    usd = catalogue.price(row.instance_id, row.node_count).usd if catalogue else None
    return PastLine(at, row, row.gpus_of_machines, usd)


def list_columns(noun: Noun) -> Mapping[str, str]:
    fields = {field.name for field in noun.model._meta.concrete_fields}
    given = [name for name in COLUMNS if name in fields or name.endswith("_then")]
    figures = {"gpus": "gpus", "gpus_of": "gpus_of", "usd_per_hour": "usd"}
    figures = figures if issubclass(noun.model, GPUHolder) else {}
    first = {"as_of": "at", f"{noun.singular}_id": "row.remote_id"}
    return first | {name: f"row.{name}" for name in given} | figures
