"""The document's examples, word for word: what each route answers."""

from __future__ import annotations

SESSION = """{
"session": {
"id": "sess_xyz789"
}
}"""

RUN = """{
"run": {
"id": "k4q95w5",
"base_url": "https://model-abc123.api.baseten.co/deployment/dep456/sync",
"sampler": {
"id": "samp_def789",
"base_url": "https://model-ghi012.api.baseten.co/deployment/dep345/sync"
}
}
}"""

RUNS = """{
"runs": [
{
"run_id": "k4q95w5",
"session_id": "sess_xyz789",
"base_model": "Qwen/Qwen3-8B"
}
]
}"""

SAMPLER = """{
"sampler": {
"id": "samp_def789",
"base_url": "https://model-ghi012.api.baseten.co/deployment/dep345/sync"
}
}"""

SAMPLERS = """{
"samplers": [
{
"id": "samp_def789",
"base_url": "https://model-ghi012.api.baseten.co/deployment/dep345/sync"
}
]
}"""

CHECKPOINTS = """{
"checkpoints": [
{
"id": "chkpt_abc123",
"run_id": "k4q95w5",
"target": "trainer",
"checkpoint_id": "step-100",
"created_at": "2025-05-07T10:00:00Z",
"checkpoint_type": "lora",
"base_model": "Qwen/Qwen3-8B",
"lora_adapter_config": null,
"size_bytes": 524288000,
"sync_status": "COMPLETE"
}
]
}"""

FILES = """{
"presigned_urls": [
{
"url": "https://s3.amazonaws.com/...",
"relative_file_name": "adapter_model.safetensors",
"node_rank": 0,
"size_bytes": 524288000,
"last_modified": "2025-05-07T10:00:00Z"
}
],
"next_page_token": null,
"total_count": 1
}"""

DEPLOYMENTS = """{
"deployments": [
{
"id": "dep_def456",
"base_model": "Qwen/Qwen3-8B",
"base_url": "https://model-abc123.api.baseten.co/deployment/dep456/sync",
"status": {
"name": "RUNNING"
}
}
]
}"""

DEACTIVATED = """{
"id": "dep_def456",
"base_model": "Qwen/Qwen3-8B",
"user": {
"email": "user@example.com"
}
}"""

DEPLOYMENT = """{
"deployment": {
"id": "dep_def456",
"base_model": "Qwen/Qwen3-8B",
"base_url": "https://model-abc123.api.baseten.co/deployment/dep456/sync",
"status": {
"name": "RUNNING"
}
}
}"""
