"""Spans have names of ours and statuses; what people typed and keys are in none of them."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from loopsweb import tracing
from loopsweb.accounts.models import User, Workspace
from loopsweb.keys.models import Key
from loopsweb.resources.polling import poller
from loopsweb.simulator import Simulator
from tests.personas import login_as
from tests.resources.claims import claim_polls


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Where spans go instead of over the network."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "tracer", provider.get_tracer("loopsweb"))
    return exporter


def describe(span: ReadableSpan) -> tuple[str, dict[str, object]]:
    shown = span.attributes or {}
    return span.name, {name: value for name, value in shown.items() if "request_id" not in name}


def test_a_request_is_named_by_its_view(
    exporter: InMemorySpanExporter, acme: Workspace, vic: User
) -> None:
    browser = login_as(vic)
    exporter.clear()
    answers = [
        browser.get("/w/acme/runs/?q=typed-by-vic"),
        Client().get("/accounts/invitations/token-of-an-invitation/"),
        browser.get("/w/acme/runs/run-of-a-customer/"),
        browser.get("/typed-by-vic/", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}),
    ]
    spans = exporter.get_finished_spans()
    assert [describe(span) for span in spans] == [
        ("GET runs:list", {"http.response.status_code": 200}),
        ("GET invitation", {"http.response.status_code": 410}),
        ("GET runs:detail", {"http.response.status_code": 404}),
        ("GET none", {"http.response.status_code": 404}),
    ]
    ids = [(span.attributes or {})["loopsweb.request_id"] for span in spans]
    assert ids == [answer["X-Request-ID"] for answer in answers]
    assert spans[-1].parent is None
    everything = "".join(span.to_json() for span in spans)
    assert not any(secret in everything for secret in ("typed-by", "token-of", "run-of", "a" * 32))


def test_requests_to_the_api_are_named_by_their_route(
    exporter: InMemorySpanExporter, key: Key, loops: Simulator, now: datetime
) -> None:
    loops.world.clear()
    loops.world.add_run(id="run-of-a-customer")
    loops.add_fault("GET /v1/loops/samplers", "status", status=500)
    loops.requests.clear()
    exporter.clear()
    [state_id] = claim_polls(now=now)
    poller.run_poll(state_id, clock=lambda: now)
    spans = exporter.get_finished_spans()
    asked = [request.headers for request in loops.requests]
    assert len(spans) == len(asked) > 3
    found = dict(map(describe, spans))
    assert found["GET /v1/loops/runs"] == {"loopsweb.api_status": 200}
    assert found["GET /v1/loops/samplers"] == {"loopsweb.api_status": 500}
    assert not any("traceparent" in headers for headers in asked)
    everything = "".join(span.to_json() for span in spans)
    assert not any(secret in everything for secret in ("demo-org-key", "run-of-a-customer"))


def test_a_span_has_the_name_of_an_error_and_not_its_text(exporter: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="secret"), tracing.open_span("work"):
        raise ValueError("secret text")
    [span] = exporter.get_finished_spans()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "ValueError")
    assert list(span.events) == []
