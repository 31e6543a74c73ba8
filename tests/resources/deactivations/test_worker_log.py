from __future__ import annotations

import json

import pytest

from loopsweb.accounts.models import User
from loopsweb.resources.models import Deployment
from loopsweb.resources.worker.jobs import find_control_jobs
from loopsweb.simulator import Simulator
from loopsweb.ui.logs import build_formatter
from tests.resources.conftest import Timeline
from tests.resources.deactivations.requests import submit_form

DEACTIVATE = "POST /v1/loops/deployments/{deployment_id}/deactivate"


def test_lines_of_the_worker_name_the_request_of_the_page(
    otto: User,
    deployment: Deployment,
    real_time: Timeline,
    world: Simulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    world.add_fault(DEACTIVATE, "status", status=504)
    request_id = submit_form(otto, deployment)["X-Request-Id"]
    caplog.handler.setFormatter(build_formatter(as_json=True))
    world.add_fault("*", "status", status=500, count=None)
    real_time.pass_(10)
    [job] = find_control_jobs(real_time())
    assert job.claim(now=real_time())
    job.run(clock=real_time, is_stopping=lambda: False)
    lines = [json.loads(line) for line in caplog.text.splitlines() if "asking about" in line]
    assert [line["request_id"] for line in lines] == [request_id]
