"""A team's workload: what it trained in the last three days, and what it still trains.

Times are in hours before the present, so 0.5 is half an hour ago and what is negative is to come.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

PAST = timedelta(days=3)
ADA, GRACE, NOOR = range(3)
LLAMA_70B, LLAMA_8B = "meta-llama/Llama-3.3-70B-Instruct", "meta-llama/Llama-3.1-8B-Instruct"
QWEN_8B, QWEN_32B, QWEN_30B = "Qwen/Qwen3-8B", "Qwen/Qwen3-32B", "Qwen/Qwen3-30B-A3B"
QWEN_VL, GPT_OSS = "Qwen/Qwen3-VL-8B-Instruct", "openai/gpt-oss-120b"
FOREVER = -24.0


@dataclass(frozen=True)
class Job:
    """One training job.

    boot: minutes from its creation until it runs; None if it never does.
    every: minutes between two saves. saved_until: the last one; after that it is idle.
    newest: the last one before the present, of a job that is saved on.
    scaled: when it was scaled to zero. ended: when and how it ended by itself.
    """

    owner: int
    base_model: str
    name: str
    created: float
    every: float
    saved_until: float
    boot: float | None = 3.0
    newest: float = 0.13
    scaled: float | None = None
    ended: tuple[float, str] | None = None
    capacity: str = "dedicated"
    serverless: bool = False
    lora_rank: int = 64


SWEEPS = tuple(
    Job(
        owner,
        QWEN_32B,
        f"sweep-lr-{rate}",
        created=begin - 0.02 * number,
        every=20,
        saved_until=begin - 0.9,
        boot=3.5 + 0.4 * number,
        ended=(begin - 1.1 - 0.003 * number, "STOPPED"),
        capacity="spot",
        lora_rank=16,
    )
    for owner, begin in ((NOOR, 69.0), (ADA, 51.5), (NOOR, 43.2), (GRACE, 22.4))
    for number, rate in enumerate(("1e-5", "3e-5", "1e-4", "3e-4", "1e-3"))
)

JOBS = (
    # Still there.
    Job(GRACE, LLAMA_70B, "support-tone-v4", created=31.2, every=47, saved_until=9.4, boot=6.5),
    Job(NOOR, GPT_OSS, "tool-use-distill", created=20.6, every=41, saved_until=2.6, boot=5.2),
    Job(
        ADA,
        QWEN_30B,
        "math-rl-curriculum",
        created=8.3,
        every=11,
        saved_until=FOREVER,
        newest=0.006,
    ),
    Job(NOOR, QWEN_VL, "receipts-ocr", created=6.9, every=26, saved_until=2.2, scaled=1.7),
    Job(
        ADA,
        QWEN_8B,
        "router-small",
        created=1.1,
        every=7,
        saved_until=-0.8,
        newest=0.09,
        capacity="spot",
    ),
    Job(GRACE, QWEN_32B, "summaries-de", created=0.79, every=15, saved_until=0.79, boot=None),
    Job(GRACE, QWEN_8B, "intent-labels", 5.4, every=38, saved_until=FOREVER, serverless=True),
    # Ended by themselves.
    Job(NOOR, QWEN_32B, "code-review-sft", 9.1, every=33, saved_until=3.3, ended=(3.1, "FAILED")),
    Job(
        ADA,
        LLAMA_8B,
        "baseline-8b",
        created=18.9,
        every=25,
        saved_until=14.4,
        ended=(14.2, "PREEMPTED"),
        capacity="spot",
    ),
    Job(
        GRACE,
        LLAMA_70B,
        "support-tone-v3",
        66.0,
        every=55,
        saved_until=27.0,
        ended=(26.402, "STOPPED"),
    ),
    Job(ADA, QWEN_30B, "math-rl-warmup", 47.0, every=36, saved_until=30.1, ended=(29.7, "STOPPED")),
    Job(
        NOOR, QWEN_32B, "code-review-base", 36.0, every=70, saved_until=7, ended=(6.502, "STOPPED")
    ),
    # Left to run on, until somebody stops them.
    Job(NOOR, GPT_OSS, "tool-use-pilot", created=71.0, every=60, saved_until=58.0, boot=5.8),
    Job(ADA, QWEN_VL, "charts-vqa", created=33.0, every=35, saved_until=27.5),
    *SWEEPS,
)
