"""The undocumented Loops routes. A server without them responds with 404: errors.NotFound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from loopsweb.loops_api import parsers, types, undocumented_parsers, undocumented_types
from loopsweb.loops_api.decoding import decode_envelope, decode_object, decode_rows
from loopsweb.loops_api.request_bodies import NewTrainer, UserConfigChange, omit_none
from loopsweb.loops_api.request_urls import locate
from loopsweb.loops_api.transport import Transport


class UndocumentedRoutes:
    """One method per route."""

    _transport: Transport

    def get_capabilities(
        self,
        model: str | None = None,
        use_case: str | None = None,
        max_seq_len: int | None = None,
    ) -> tuple[undocumented_types.SupportedModel, ...]:
        """GET /v1/loops/capabilities

        model: this one only. use_case: rl (the server's default) or sft.
        max_seq_len: models that cannot take sequences of so many tokens are not enabled.
        """
        query: dict[str, Any] = {"model": model, "use_case": use_case, "max_seq_len": max_seq_len}
        body = self._transport.get("/v1/loops/capabilities", **query)
        return decode_rows(body, "supported_models", undocumented_parsers.parse_supported_model)

    def create_trainer(
        self, *, team_id: str | None = None, **fields: Unpack[NewTrainer]
    ) -> types.Run:
        """POST /v1/loops/trainers: as `create_run`, without a sampler."""
        route, ids = locate("trainers", team_id)
        body = self._transport.send("POST", route, *ids, body=omit_none(fields))
        return decode_object(body, "run", parsers.parse_run)

    def deactivate_run(self, run_id: str) -> types.Deactivated:
        """POST /v1/loops/runs/{run_id}/deactivate: ends the run and its paired sampler."""
        body = self._transport.send("POST", "/v1/loops/runs/{}/deactivate", run_id)
        return decode_object(body, None, parsers.parse_deactivated)

    def delete_run(self, run_id: str) -> undocumented_types.DeletedRun:
        """DELETE /v1/loops/runs/{run_id}: ends it if it is active, and deletes its checkpoints
        except for those in use. Permanent."""
        body = self._transport.send("DELETE", "/v1/loops/runs/{}", run_id)
        return decode_object(body, None, undocumented_parsers.parse_deleted_run)

    def deactivate_sampler(self, sampler_id: str) -> types.Deactivated:
        """POST /v1/loops/samplers/{sampler_id}/deactivate. May be repeated.

        A paired one is errors.Conflict; the message names its run.
        """
        body = self._transport.send("POST", "/v1/loops/samplers/{}/deactivate", sampler_id)
        return decode_object(body, None, parsers.parse_deactivated)

    def validate_checkpoint(self, checkpoint_path: str, run_id: str | None = None) -> None:
        """POST /v1/loops/checkpoints/validate. Raises an error unless the sampler URI resolves.

        run_id: a run that the checkpoint's LoRA must fit.
        """
        sent = omit_none({"checkpoint_path": checkpoint_path, "run_id": run_id})
        self._transport.send("POST", "/v1/loops/checkpoints/validate", body=sent)

    def get_source(self, checkpoint_id: str) -> undocumented_types.CheckpointSource:
        """GET /v1/loops/checkpoints/{checkpoint_id}/source: where its files are.

        For the files of a volume `list_files` raises an error whose reason is NOT_PRESIGNABLE.
        """
        body = self._transport.get("/v1/loops/checkpoints/{}/source", checkpoint_id)
        return decode_object(body, "source", undocumented_parsers.parse_source)

    def set_checkpoint_ttl(self, checkpoint_id: str, ttl_seconds: int | None) -> types.Checkpoint:
        """PUT /v1/loops/checkpoints/{checkpoint_id}/ttl: 3600 to 315360000 s; None removes it."""
        sent = {"ttl_seconds": ttl_seconds}
        body = self._transport.send("PUT", "/v1/loops/checkpoints/{}/ttl", checkpoint_id, body=sent)
        key = "checkpoint" if "checkpoint" in decode_envelope(body) else None
        return decode_object(body, key, parsers.parse_checkpoint)

    def delete_checkpoint(self, checkpoint_id: str) -> undocumented_types.DeletedCheckpoint:
        """DELETE /v1/loops/checkpoints/{checkpoint_id}: permanent. May be repeated.

        errors.Conflict while it is in use.
        """
        body = self._transport.send("DELETE", "/v1/loops/checkpoints/{}", checkpoint_id)
        if not body:
            return undocumented_types.DeletedCheckpoint(id=checkpoint_id)
        return decode_object(body, None, undocumented_parsers.parse_deleted_checkpoint)

    def deploy_checkpoints(
        self,
        checkpoint_ids: Sequence[str],
        *,
        model_name: str,
        instance_type_id: str,
        hf_secret_name: str,
    ) -> undocumented_types.InferenceDeployment:
        """POST /v1/loops/checkpoints/deploy: sampler checkpoints, served by a model. Billable.

        Each call makes another one: do not repeat it when its outcome is unknown.
        hf_secret_name: of the API's secret with a Hugging Face token.
        """
        sent = {
            "checkpoint_ids": list(checkpoint_ids),
            "model_name": model_name,
            "instance_type_id": instance_type_id,
            "hf_secret_name": hf_secret_name,
        }
        body = self._transport.send("POST", "/v1/loops/checkpoints/deploy", body=sent)
        return decode_object(body, None, undocumented_parsers.parse_inference_deployment)

    def get_user_config(self) -> undocumented_types.UserConfig:
        """GET /v1/loops/user_config: the GPU preferences of the key's user."""
        body = self._transport.get("/v1/loops/user_config")
        return decode_object(body, "user_config", undocumented_parsers.parse_user_config)

    def change_user_config(
        self, **changes: Unpack[UserConfigChange]
    ) -> undocumented_types.UserConfig:
        """PATCH /v1/loops/user_config"""
        body = self._transport.send("PATCH", "/v1/loops/user_config", body=changes)
        return decode_object(body, "user_config", undocumented_parsers.parse_user_config)
