"""The vendor's client and what belongs to the organisation: models, keys, teams, bills."""

from __future__ import annotations

from datetime import timedelta

from baseten.client.managementapi import ApiClient
from baseten.client.managementapi import _models as m

from loopsweb.simulator import Simulator

ADA = "ada@example.com"


def test_what_was_billed_and_done_is_read(sim: Simulator, api: ApiClient) -> None:
    now = sim.world.now
    month = m.GetBillingUsageSummaryParams(start_date=now - timedelta(days=31), end_date=now)
    summary = api.get_billing_usage_summary(params=month)
    assert summary.training_usage is not None
    assert summary.dedicated_usage is not None
    trainers = [one.billable_resource for one in summary.training_usage.breakdown or ()]
    samplers = [one.billable_resource for one in summary.dedicated_usage.breakdown or ()]
    assert {one.kind for one in trainers} == {"LOOPS_TRAINER"}
    assert {one.kind for one in samplers} == {"LOOPS_SAMPLER"}
    assert [one.event_type for one in api.get_audit_logs().items] == ["API_KEY_CREATED"] * 3


def test_models_prices_and_users_are_read(api: ApiClient) -> None:
    models = api.get_loops_capabilities().supported_models
    assert [one.model_name for one in models if not one.enabled] == ["moonshotai/Kimi-K2-Instruct"]
    one = m.GetLoopsCapabilitiesParams(model="Qwen/Qwen3-8B", max_seq_len=m.MaxSeqLen(131_073))
    (too_long,) = api.get_loops_capabilities(params=one).supported_models
    assert too_long.enablement_details is not None
    assert too_long.enablement_details.reason == "sequence_length_unsupported"
    priced = api.get_instance_type_prices().instance_types
    assert [one.instance_type for one in priced] == api.get_instance_types().instance_types
    assert api.get_users_me().email == ADA
    assert [key.type for key in api.get_api_keys().keys] == ["WORKSPACE_MANAGE_ALL"]


def test_user_config_is_changed(api: ApiClient) -> None:
    changed = m.PatchLoopsUserConfigRequest(trainer_accelerator_priority=["H200", "H100"])
    api.patch_loops_user_config(request=changed)
    config = api.get_loops_user_config().user_config
    assert config.trainer_accelerator_priority == ["H200", "H100"]
    assert config.sampler_accelerator_priority is None


def test_team_routes_work(sim: Simulator, api: ApiClient) -> None:
    (team,) = api.get_teams().teams
    session = api.post_teams_loops_sessions(team_id=team.id).session.id
    run = m.CreateLoopsRunRequest(session_id=session, base_model="Qwen/Qwen3-8B")
    api.post_teams_loops_runs(team_id=team.id, request=run)
    trainer = m.CreateLoopsTrainerRequest(session_id=session, base_model="Qwen/Qwen3-8B")
    api.post_teams_loops_trainers(team_id=team.id, request=trainer)
    sampler = m.CreateLoopsSamplerRequest(session_id=session, base_model="Qwen/Qwen3-8B")
    api.post_teams_loops_samplers(team_id=team.id, request=sampler)
    assert api.get_teams_loops_runs(team_id=team.id) == api.get_loops_runs()
    assert api.get_teams_loops_samplers(team_id=team.id) == api.get_loops_samplers()
