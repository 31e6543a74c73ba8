"""/metrics for Prometheus: to this machine, or to who has LOOPSWEB_METRICS_TOKEN."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from http import HTTPStatus

from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from loopsweb.accounts.authorization.decorators import public
from loopsweb.addresses import is_loopback
from loopsweb.monitoring.stored import Condition, count_queued_tasks, load_condition
from loopsweb.postgresql.limits import limit_statements
from loopsweb.resources.worker.database_clock import DatabaseClock

LIMIT_SECONDS = 2.0
FORWARDED = (
    "Forwarded",
    "Via",
    "X-Real-IP",
    *(f"X-Forwarded-{x}" for x in ("For", "Host", "Proto")),
)
REFUSAL = (
    "Metrics are given to this machine, and to whoever sends LOOPSWEB_METRICS_TOKEN as a bearer "
    "token.\n"
)


@public
def show_metrics(request: HttpRequest) -> HttpResponse:
    """In the text formats of Prometheus and OpenMetrics. 401 without the token from elsewhere."""
    if not (has_token(request) or is_local(request)):
        refusal = HttpResponse(REFUSAL, content_type="text/plain", status=HTTPStatus.UNAUTHORIZED)
        refusal["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return refusal
    try:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    except (TypeError, ValueError):  # it compares a version that is no number
        encode, content_type = choose_encoder("")
    return HttpResponse(encode(build_registry()), content_type=content_type)


def has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.LOOPSWEB_METRICS_TOKEN
    is_right = hmac.compare_digest(token.strip().encode(), expected.encode())
    return bool(expected) and scheme.lower() == "bearer" and is_right


def is_local(request: HttpRequest) -> bool:
    """False behind a proxy on this machine, which forwards requests from everywhere."""
    is_forwarded = any(name in request.headers for name in FORWARDED)
    return is_loopback(request.META.get("REMOTE_ADDR", "")) and not is_forwarded


def build_registry() -> CollectorRegistry:
    """What processes count is left out where they are several and have no folder to add it up in:
    each scrape would get the counts of another one."""
    registry = CollectorRegistry()
    registry.register(StoredCollector())
    if settings.LOOPSWEB_METRICS_DIR:
        folder = str(settings.LOOPSWEB_METRICS_DIR)
        MultiProcessCollector(registry, path=folder)  # type: ignore[no-untyped-call]
    elif settings.SINGLE_PROCESS:
        registry.register(REGISTRY)
    return registry


class StoredCollector(Collector):
    """Gauges from the database and the queue. One that cannot be read is left out."""

    def collect(self) -> Iterator[Metric]:
        try:
            with limit_statements(LIMIT_SECONDS):
                condition: Condition | None = load_condition(now=DatabaseClock()())
        except Error:
            condition = None
        yield build_gauge("loopsweb_database_up", "1 while the database answers.", bool(condition))
        if condition:
            yield from describe_condition(condition)
        if settings.REDIS_URL:
            yield from describe_queue()


def describe_condition(condition: Condition) -> Iterator[Metric]:
    for name, text, found in (
        ("loopsweb_keys", "API keys.", condition.keys),
        ("loopsweb_deactivations_open", "Deactivations.", condition.deactivations),
        ("loopsweb_removals_open", "Checkpoints in clean-ups.", condition.removals),
    ):
        yield build_labelled_gauge(name, text, "state", found)
    seconds = {
        part: ago.total_seconds() for part, ago in condition.heartbeats.items() if ago is not None
    }
    text = "Since a part of the worker last showed that it is alive."
    yield build_labelled_gauge("loopsweb_heartbeat_age_seconds", text, "part", seconds)
    text = "By how long the longest overdue poll is late."
    yield build_gauge("loopsweb_poll_lag_seconds", text, condition.poll_lag.total_seconds())
    if condition.snapshot_age is not None:
        text = "Since the oldest last good poll of a healthy key."
        seconds_old = condition.snapshot_age.total_seconds()
        yield build_gauge("loopsweb_snapshot_age_seconds", text, seconds_old)


def describe_queue() -> Iterator[Metric]:
    try:
        waiting = count_queued_tasks()
    except (RedisError, OSError):
        waiting = None
    yield build_gauge("loopsweb_redis_up", "1 while Redis answers.", waiting is not None)
    if waiting is not None:
        yield build_gauge("loopsweb_queue_length", "Tasks that no worker has taken yet.", waiting)


def build_gauge(name: str, text: str, number: float) -> Metric:
    return GaugeMetricFamily(name, text, value=number)


def build_labelled_gauge(name: str, text: str, label: str, found: Mapping[str, float]) -> Metric:
    gauge = GaugeMetricFamily(name, text, labels=[label])
    for value, number in found.items():
        gauge.add_metric([value], number)
    return gauge
