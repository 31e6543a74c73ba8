"""What a deployment or sampler writes to its log."""

from __future__ import annotations

import math
import zlib

from loopsweb.simulator.entities import Checkpoint, Deployment, Sampler

SECONDS_PER_LINE = 5
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LEVEL_OF_KIND: dict[int, str | None] = {
    **dict.fromkeys(range(8), "DEBUG"),
    **dict.fromkeys((8, 9), "WARNING"),
    **dict.fromkeys((10, 11)),
}
Logger = Deployment | Sampler
Line = tuple[str | None, str]
FINAL_MESSAGES: dict[str, Line] = {
    "STOPPED": ("INFO", "Received shutdown signal, saving nothing, exiting."),
    "PREEMPTED": ("WARNING", "Node is being reclaimed: the trainer is preempted."),
    "FAILED": (
        "ERROR",
        (
            "CUDA out of memory. Tried to allocate 12.50 GiB.\nTraceback (most recent call last):\n"
            '  File "/app/trainer/worker.py", line 412, in forward_backward\n'
            "torch.OutOfMemoryError: CUDA out of memory."
        ),
    ),
}


def hash_to_fraction(logger: Logger, salt: object) -> float:
    """A number from 0 to below 1 that depends on its ID and `salt` only."""
    return zlib.crc32(f"{logger.id}/{salt}".encode()) / 2**32


def compute_loss(logger: Logger, at: float) -> float:
    """A training loss that falls with the deployment's age. `at` is in seconds since 1970."""
    age = max(at - logger.created_at.timestamp(), 0)
    return 0.42 + 1.6 * math.exp(-age / 5400) + 0.06 * hash_to_fraction(logger, int(at))


def get_level(kind: int) -> str | None:
    """The level of lines of this kind, which is 0 to 99."""
    return LEVEL_OF_KIND.get(kind, "INFO")


def compose_work(logger: Logger, slot: int, kind: int) -> str:
    """The message of a five-second slot, counted since 1970, in which it works."""
    match get_level(kind):
        case "DEBUG":
            return f"prefetch queue depth {kind}"
        case "WARNING" if isinstance(logger, Sampler):
            return f"a request waited 1.{kind} s in the queue"
        case "WARNING":
            return f"gradient norm 1.{kind} above 1.00: clipped"
        case None:
            return "NCCL INFO comm 0x55d0 rank 0 nranks 8 - Init COMPLETE"
        case _ if isinstance(logger, Sampler):
            seconds = 0.2 + hash_to_fraction(logger, slot)
            return f"POST /v1/completions 200 in {seconds:.2f} s, {40 + 7 * kind} tokens"
        case _:
            falling = compute_loss(logger, slot * SECONDS_PER_LINE)
            speed = 38_000 + 6_000 * hash_to_fraction(logger, f"speed {slot // 12}")
            return f"step {slot % 100_000} loss {falling:.4f} tokens/s {speed:.0f}"


def compose_start(logger: Logger, at: float) -> str:
    """The message `at` so many seconds since 1970, while it starts."""
    age = max(at - logger.created_at.timestamp(), 0)
    if age < 4 * SECONDS_PER_LINE:
        return f"pulling image: {min(int(age * 5), 100)} %"
    shard = int(age - 4 * SECONDS_PER_LINE) // SECONDS_PER_LINE + 1
    return f"loading {logger.base_model}: shard {min(shard, 20)} of 20"


def compose_save(checkpoint: Checkpoint) -> list[Line]:
    """What is logged when a checkpoint is saved: the storage's address is signed."""
    size = checkpoint.size_bytes / 1024**3
    signature = f"{zlib.crc32(checkpoint.id.encode()):08x}" * 8
    query = f"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=3600&X-Amz-Signature={signature}"
    url = f"https://loops-checkpoints.s3.amazonaws.com/{checkpoint.id}/adapter.tar?{query}"
    return [
        ("INFO", f"saved {checkpoint.uri}, {size:.1f} GiB, syncing"),
        ("DEBUG", f"PUT {url}"),
    ]


def compose_idleness(seconds: float) -> str:
    """What it logs once a minute after so many seconds without work."""
    return f"waiting for a client: no operation for {max(int(seconds // 60), 1)} min"
