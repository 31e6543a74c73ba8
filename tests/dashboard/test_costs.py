"""The sums of the overview, and what it calls expensive while idle, equal a plain computation."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from loopsweb.accounts.models import set_up_team
from loopsweb.dashboard.idle_costs import SHOWN, find_costliest_idle, sum_unmeasured
from loopsweb.dashboard.totals import SHOWN as SHARES
from loopsweb.dashboard.totals import sum_spending
from loopsweb.resources.models import Deployment, Sampler
from loopsweb.resources.pages.idleness import IDLE_FROM
from tests.personas import create_founder
from tests.resources.rows import FIRST_SEEN_AT, add_row

NOW = FIRST_SEEN_AT
ROW = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["RUNNING", "ACTIVE", "SCALED_TO_ZERO"]),
        "missing_since": st.sampled_from([None, None, None, NOW]),
        "gpus": st.sampled_from([None, 0, 1, 8]),
        "gpus_of": st.sampled_from(["pair", "trainer only"]),
        "usd_per_hour": st.sampled_from([None, Decimal(0), Decimal(3), Decimal(40)]),
        "usd_of": st.sampled_from(["pair", "trainer only"]),
        "cost_source": st.sampled_from(["API prices", "rate entered by an admin"]),
        "owner_email": st.sampled_from([f"{name}@example.com" for name in "abcdefgh"]),
        "last_work_sign": st.sampled_from(["checkpoint", "gpu", "busy", "serving"]),
        "last_work_at": st.none() | st.integers(0, 90).map(lambda n: NOW - timedelta(minutes=n)),
    }
)


class TestSums(TestCase):
    @settings(max_examples=25)
    @given(st.lists(ROW, max_size=12), st.lists(ROW, max_size=6))
    def test_they_equal_a_plain_computation(self, pairs: Any, alone: Any) -> None:
        workspace = set_up_team(name="Acme", founder=create_founder("alice")).workspaces.get()
        for model, rows in ((Deployment, pairs), (Sampler, alone)):
            for number, fields in enumerate(rows):
                add_row(model, workspace, f"{model.noun}-{number}", **fields)
        add_row(
            Sampler, workspace, "counted", pair_remote_id="deployment-0", gpus=8, status="ACTIVE"
        )
        held = [
            row
            for row in [*Deployment.objects.all(), *Sampler.objects.filter(pair_remote_id="")]
            if row.workspace_id == workspace.pk
            if row.gpus or (row.gpus is None and row.status != "SCALED_TO_ZERO")
        ]
        told = [row for row in held if row.is_reported]
        spending = sum_spending(workspace)
        for total, name, of in (
            (spending.gpus, "gpus", "gpus_of"),
            (spending.cost, "usd_per_hour", "usd_of"),
        ):
            known = [value for row in told if (value := getattr(row, name)) is not None]
            unknown = [
                row
                for row in told
                if getattr(row, name) is None or getattr(row, of) == "trainer only"
            ]
            assert total.known == (sum(known) if known or not told else None)
            assert total.unknown == len(unknown)
            assert total.unreported == len(held) - len(told)
        assert sum(spending.sources.values()) == (spending.cost.known or 0)
        assert sum(one.cost.known or 0 for one in spending.people) == (spending.cost.known or 0)
        assert len(spending.people) <= SHARES + 1
        idle = {
            (row.noun, row.remote_id): row.usd_per_hour
            and row.usd_per_hour * Decimal((NOW - row.last_work_at).total_seconds()) / 3600
            for row in told
            if isinstance(row, Deployment) and row.last_work_sign not in {"busy", "serving"}
            if row.last_work_at and NOW - row.last_work_at >= IDLE_FROM
        }
        alone_told = [row for row in told if isinstance(row, Sampler) and row.gpus]
        alone_gpus = [row.gpus or 0 for row in alone_told]
        prices = [row.usd_per_hour for row in alone_told if row.usd_per_hour is not None]
        assert sum_unmeasured(workspace) == {
            "number": len(alone_told),
            "gpus": sum(alone_gpus) if alone_gpus else None,
            "usd": sum(prices) if prices else None,
        }
        lines = find_costliest_idle(workspace, until=NOW)
        found = {(line.row.noun, line.row.remote_id): line.usd for line in lines}
        assert found == {key: idle[key] for key in found}
        assert len(found) == min(len(idle), SHOWN)
        dearest = sorted((cost for cost in idle.values() if cost is not None), reverse=True)
        assert [one.usd for one in lines if one.usd is not None] == dearest[:SHOWN]
