"""One tolerant parser per resource, for the documented, the undocumented and the legacy JSON.

A parser takes a decoded JSON value and returns None unless it is an object with a usable ID.
"""

from __future__ import annotations

from typing import Any

import msgspec

from loopsweb.loops_api import types
from loopsweb.loops_api.field_parsers import (
    parse_count,
    parse_identifier,
    parse_inner_text,
    parse_object,
    parse_text,
    parse_timestamp,
)


def parse_session(value: Any) -> types.Session | None:
    if not isinstance(value, dict) or (id_ := parse_identifier(value.get("id"))) is None:
        return None
    return types.Session(id=id_, raw=value)


def parse_run(value: Any) -> types.Run | None:
    if not isinstance(value, dict):
        return None
    get = value.get
    if (id_ := parse_identifier(get("id"), get("run_id"), get("trainer_id"))) is None:
        return None
    return types.Run(
        id=id_,
        session_id=parse_identifier(get("session_id")),
        base_model=parse_text(get("base_model")),
        base_checkpoint=parse_text(get("base_checkpoint")),
        lora_config_version=parse_text(get("lora_config_version")),
        base_url=parse_text(get("base_url")),
        name=parse_text(get("name")),
        created_at=parse_timestamp(get("created_at")),
        status=parse_inner_text(get("status"), "name"),
        owner_email=parse_inner_text(get("user"), "email"),
        deployment_id=parse_identifier(get("deployment_id")),
        is_serverless=get("deployment_id", "") is None,
        sampler=parse_sampler(get("sampler") or get("sampling_server")),
        raw=value,
    )


def parse_sampler(value: Any) -> types.Sampler | None:
    if not isinstance(value, dict) or (id_ := parse_identifier(value.get("id"))) is None:
        return None
    get = value.get
    return types.Sampler(
        id=id_,
        base_url=parse_text(get("base_url")),
        base_model=parse_text(get("base_model")),
        base_checkpoint=parse_text(get("base_checkpoint")),
        created_at=parse_timestamp(get("created_at")),
        model_id=parse_identifier(get("model_id")),
        deployment_id=parse_identifier(get("deployment_id")),
        status=parse_inner_text(get("status"), "name"),
        owner_email=parse_inner_text(get("user"), "email"),
        instance_type=parse_instance_type(get("instance_type")),
        node_count=parse_count(get("node_count")),
        raw=value,
    )


def parse_checkpoint(value: Any, run_id: str | None = None) -> types.Checkpoint | None:
    """`run_id`: the requested run, for rows that do not repeat it."""
    if not isinstance(value, dict) or (id_ := parse_identifier(value.get("id"))) is None:
        return None
    get = value.get
    return types.Checkpoint(
        id=id_,
        run_id=parse_identifier(get("run_id"), get("trainer_id"), run_id),
        target=parse_text(get("target")),
        name=parse_text(get("checkpoint_id")),
        created_at=parse_timestamp(get("created_at")),
        checkpoint_type=parse_text(get("checkpoint_type")),
        base_model=parse_text(get("base_model")),
        lora_adapter_config=parse_object(get("lora_adapter_config")),
        lora_config=parse_object(get("lora_config")),
        size_bytes=parse_count(get("size_bytes")),
        sync_status=parse_text(get("sync_status")),
        expires_at=parse_timestamp(get("expires_at")),
        raw=value,
    )


def parse_legacy_checkpoint(value: Any, run_id: str | None = None) -> types.Checkpoint | None:
    """As above. Without an ID the row's URI, or else its run and name, becomes one."""
    if not isinstance(value, dict) or parse_identifier(value.get("id")) is not None:
        return parse_checkpoint(value, run_id)
    found = parse_checkpoint(value | {"id": "unknown"}, run_id)
    if found is None or not found.run_id or not found.name:
        return None
    id_ = parse_identifier(found.uri, f"{found.run_id}/{found.name}")
    return None if id_ is None else msgspec.structs.replace(found, id=id_, raw=value)


def parse_checkpoint_file(value: Any) -> types.CheckpointFile | None:
    if not isinstance(value, dict) or (url := parse_identifier(value.get("url"))) is None:
        return None
    return types.CheckpointFile(
        url=url,
        relative_file_name=parse_text(value.get("relative_file_name")),
        node_rank=parse_count(value.get("node_rank")),
        size_bytes=parse_count(value.get("size_bytes")),
        last_modified=parse_timestamp(value.get("last_modified")),
    )


def parse_file_page(value: Any) -> types.FilePage | None:
    """None for an invalid token too: the remaining pages could not be requested."""
    if not isinstance(value, dict) or not isinstance(urls := value.get("presigned_urls"), list):
        return None
    token = parse_count(value.get("next_page_token"))
    if token is None and value.get("next_page_token") is not None:
        return None
    return types.FilePage(
        files=tuple(file for url in urls if (file := parse_checkpoint_file(url)) is not None),
        next_page_token=token,
        total_count=parse_count(value.get("total_count")),
    )


def parse_deployment(value: Any) -> types.Deployment | None:
    if not isinstance(value, dict) or (id_ := parse_identifier(value.get("id"))) is None:
        return None
    get = value.get
    return types.Deployment(
        id=id_,
        base_model=parse_text(get("base_model")),
        base_url=parse_text(get("base_url")),
        status=parse_inner_text(get("status"), "name"),
        active_run_id=parse_identifier(get("active_run_id")),
        latest_run_id=parse_identifier(get("latest_run_id")),
        owner_email=parse_inner_text(get("user"), "email"),
        created_at=parse_timestamp(get("created_at")),
        availability_model=parse_text(get("availability_model")),
        instance_type=parse_instance_type(get("instance_type")),
        node_count=parse_count(get("node_count")),
        sampler=parse_sampler(get("sampler")),
        raw=value,
    )


def parse_deactivated(value: Any) -> types.Deactivated | None:
    if not isinstance(value, dict):
        return None
    return types.Deactivated(
        id=parse_identifier(value.get("id")),
        base_model=parse_text(value.get("base_model")),
        owner_email=parse_inner_text(value.get("user"), "email"),
        raw=value,
    )


def parse_instance_type(value: Any) -> types.InstanceType | None:
    if not isinstance(value, dict) or (id_ := parse_identifier(value.get("id"))) is None:
        return None
    return types.InstanceType(
        id=id_,
        name=parse_text(value.get("name")),
        memory_limit_mib=parse_count(value.get("memory_limit_mib")),
        millicpu_limit=parse_count(value.get("millicpu_limit")),
        gpu_count=parse_count(value.get("gpu_count")),
        gpu_type=parse_text(value.get("gpu_type")),
        gpu_memory_limit_mib=parse_count(value.get("gpu_memory_limit_mib")),
    )
