"""Traces for OpenTelemetry: of pages, of what the worker does and of requests to the Loops API.

Spans are made here and not by the instrumentation packages: these store whole addresses, in which
invitations have tokens and searches what was typed. A span has names of ours, statuses and ids of
requests and rows, nothing else. It begins a trace of its own: no header from outside is read, and
the Loops API is sent none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from opentelemetry import trace
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Status, StatusCode
from structlog.contextvars import get_contextvars

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
tracer = trace.get_tracer("loopsweb")


def start_tracing() -> None:
    """Send spans where OpenTelemetry's own variables say; do nothing where they name no endpoint.

    The other variables of the SDK count too, such as OTEL_SERVICE_NAME and OTEL_TRACES_SAMPLER.
    """
    if not any(os.environ.get(name) for name in ENDPOINTS):
        return
    # Large, and of no use otherwise.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    os.environ.setdefault("OTEL_SERVICE_NAME", "loopsweb")
    provider = TracerProvider(resource=Resource.create())
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def open_span(
    name: str, *, kind: SpanKind = SpanKind.INTERNAL, job: str | None = None
) -> AbstractContextManager[Span]:
    """A span around a block. Of an error it has the name alone: its text may hold anything.

    job: what tells the worker's jobs of one kind apart."""
    return record_span(name, kind=kind, job=job) if are_recorded() else nullcontext(INVALID_SPAN)


def are_recorded() -> bool:
    """False while no provider of spans was set: then each would be made for nothing."""
    is_proxy = isinstance(tracer, trace.ProxyTracer)
    return not (is_proxy and isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider))


@contextmanager
def record_span(name: str, *, kind: SpanKind, job: str | None) -> Iterator[Span]:
    known = {"loopsweb.request_id": get_contextvars().get("request_id"), "loopsweb.job": job}
    with tracer.start_as_current_span(
        name,
        kind=kind,
        attributes={key: value for key, value in known.items() if value},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield span
        except BaseException as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise
