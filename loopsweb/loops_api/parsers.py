"""One tolerant parser per noun, for the documented, the newer and the legacy shapes alike.

A parser takes one decoded JSON value and answers None when it has no identity: no object, no id.
"""

from __future__ import annotations

from typing import Any

from loopsweb.loops_api.fields import count, identifier, inner, mapping, moment, text
from loopsweb.loops_api.types import (
    Checkpoint,
    CheckpointFile,
    Deactivated,
    Deployment,
    FilePage,
    InstanceType,
    Run,
    Sampler,
    Session,
)


def session(value: Any) -> Session | None:
    if not isinstance(value, dict) or (id_ := identifier(value.get("id"))) is None:
        return None
    return Session(id=id_, raw=value)


def run(value: Any) -> Run | None:
    if not isinstance(value, dict):
        return None
    get = value.get
    if (id_ := identifier(get("id"), get("run_id"), get("trainer_id"))) is None:
        return None
    return Run(
        id=id_,
        session_id=identifier(get("session_id")),
        base_model=text(get("base_model")),
        base_url=text(get("base_url")),
        name=text(get("name")),
        created_at=moment(get("created_at")),
        status=inner(get("status"), "name"),
        owner_email=inner(get("user"), "email"),
        deployment_id=identifier(get("deployment_id")),
        is_serverless=get("deployment_id", "") is None,
        sampler=sampler(get("sampler") or get("sampling_server")),
        raw=value,
    )


def sampler(value: Any) -> Sampler | None:
    if not isinstance(value, dict) or (id_ := identifier(value.get("id"))) is None:
        return None
    get = value.get
    return Sampler(
        id=id_,
        base_url=text(get("base_url")),
        base_model=text(get("base_model")),
        created_at=moment(get("created_at")),
        model_id=identifier(get("model_id")),
        deployment_id=identifier(get("deployment_id")),
        status=inner(get("status"), "name"),
        owner_email=inner(get("user"), "email"),
        instance_type=instance_type(get("instance_type")),
        node_count=count(get("node_count")),
        raw=value,
    )


def checkpoint(value: Any, run_id: str | None = None) -> Checkpoint | None:
    """`run_id`: the run asked for, where the answer's rows do not repeat it."""
    if not isinstance(value, dict) or (id_ := identifier(value.get("id"))) is None:
        return None
    get = value.get
    adapter = mapping(get("lora_adapter_config"))
    return Checkpoint(
        id=id_,
        run_id=identifier(get("run_id"), get("trainer_id"), run_id),
        target=text(get("target")),
        name=text(get("checkpoint_id")),
        created_at=moment(get("created_at")),
        checkpoint_type=text(get("checkpoint_type")),
        base_model=text(get("base_model")),
        lora_config=mapping(get("lora_config")) if adapter is None else adapter,
        size_bytes=count(get("size_bytes")),
        sync_status=text(get("sync_status")),
        expires_at=moment(get("expires_at")),
        raw=value,
    )


def checkpoint_file(value: Any) -> CheckpointFile | None:
    if not isinstance(value, dict) or (url := identifier(value.get("url"))) is None:
        return None
    return CheckpointFile(
        url=url,
        relative_file_name=text(value.get("relative_file_name")),
        node_rank=count(value.get("node_rank")),
        size_bytes=count(value.get("size_bytes")),
        last_modified=moment(value.get("last_modified")),
    )


def file_page(value: Any) -> FilePage | None:
    """None too when the token is no number: the rest of the files could not be asked for."""
    if not isinstance(value, dict) or not isinstance(urls := value.get("presigned_urls"), list):
        return None
    token = count(value.get("next_page_token"))
    if token is None and value.get("next_page_token") is not None:
        return None
    return FilePage(
        files=tuple(file for url in urls if (file := checkpoint_file(url)) is not None),
        next_page_token=token,
        total_count=count(value.get("total_count")),
    )


def deployment(value: Any) -> Deployment | None:
    if not isinstance(value, dict) or (id_ := identifier(value.get("id"))) is None:
        return None
    get = value.get
    return Deployment(
        id=id_,
        base_model=text(get("base_model")),
        base_url=text(get("base_url")),
        status=inner(get("status"), "name"),
        active_run_id=identifier(get("active_run_id")),
        latest_run_id=identifier(get("latest_run_id")),
        owner_email=inner(get("user"), "email"),
        created_at=moment(get("created_at")),
        availability_model=text(get("availability_model")),
        instance_type=instance_type(get("instance_type")),
        node_count=count(get("node_count")),
        sampler=sampler(get("sampler")),
        raw=value,
    )


def deactivated(value: Any) -> Deactivated | None:
    if not isinstance(value, dict):
        return None
    return Deactivated(
        id=identifier(value.get("id")),
        base_model=text(value.get("base_model")),
        owner_email=inner(value.get("user"), "email"),
        raw=value,
    )


def instance_type(value: Any) -> InstanceType | None:
    if not isinstance(value, dict) or (id_ := identifier(value.get("id"))) is None:
        return None
    return InstanceType(
        id=id_,
        name=text(value.get("name")),
        memory_limit_mib=count(value.get("memory_limit_mib")),
        millicpu_limit=count(value.get("millicpu_limit")),
        gpu_count=count(value.get("gpu_count")),
        gpu_type=text(value.get("gpu_type")),
        gpu_memory_limit_mib=count(value.get("gpu_memory_limit_mib")),
    )
