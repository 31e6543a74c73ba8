"""Past training: runs with the session, deployment, sampler and checkpoints they left behind."""

from __future__ import annotations

from datetime import timedelta

from loopsweb.simulator.entities import ENDED, Checkpoint, Run, Session, StoredFile
from loopsweb.simulator.identities import User
from loopsweb.simulator.world import World

FILE_COUNT = 1_204
SAMPLER_STATUS = {
    "CREATED": "BUILDING",
    "DEPLOYING": "BUILDING",
    "RUNNING": "ACTIVE",
    "SERVERLESS": "ACTIVE",
    "SCALED_TO_ZERO": "SCALED_TO_ZERO",
}


def add_training(
    world: World,
    *,
    session: Session | None,
    owner: User,
    base_model: str,
    status: str,
    capacity: str,
    age: timedelta,
) -> Run:
    """Add a run that started `age` ago, and its deployment.

    session: a new one by default. status: of the deployment, or SERVERLESS for a run without one.
    """
    serverless = status == "SERVERLESS"
    live = status in ("RUNNING", "DEPLOYING", "CREATED", "SERVERLESS")
    started = (world.now - age).replace(microsecond=0)
    session = session or world.add_session(owner=owner, created_at=started)
    sampler = world.add_sampler(
        session=session,
        base_model=base_model,
        created_at=started,
        status=SAMPLER_STATUS.get(status, "INACTIVE"),
        serverless=serverless,
    )
    run = world.add_run(
        session=session,
        base_model=base_model,
        created_at=started,
        status="ACTIVE" if live else "INACTIVE",
        sampler=sampler,
    )
    if not serverless:
        deployment = world.add_deployment(run=run, status=status, availability_model=capacity)
        if status == "SCALED_TO_ZERO":
            deployment.idle_since = world.now - age / 8
        if status in ENDED:
            deployment.ended_at = started + age / 3
    return run


def add_checkpoint_history(world: World, run: Run, age: timedelta, count: int) -> None:
    """Add `count` checkpoints: per step one for the trainer and one for the sampler."""
    deployment = run.deployment
    nodes = deployment.node_count if deployment else 1
    ended = (deployment.ended_at or deployment.idle_since) if deployment else None
    lasted = age if ended is None else ended - run.created_at
    steps = (count + 1) // 2
    for number in range(count):
        step, target = number // 2 + 1, ("trainer", "sampler")[number % 2]
        world.add_checkpoint(
            run=run,
            name=f"step-{100 * step}",
            target=target,
            created_at=(run.created_at + lasted * step / (steps + 1)).replace(microsecond=0),
            node_count=nodes if target == "trainer" else 1,
        )


def make_unloadable(run: Run) -> None:
    """Take the LoRA configs from its checkpoints, as of those saved before there were any."""
    run.lora_config_version = None
    for checkpoint in run.checkpoints:
        checkpoint.lora_config = checkpoint.lora_adapter_config = None


def move_to_volume(run: Run) -> None:
    """Let a volume hold the files of its checkpoints."""
    for checkpoint in run.checkpoints:
        checkpoint.volume_ref = f"bdn:{run.owner.organization}/loops-{run.id}:latest"


def split_into_many_files(checkpoint: Checkpoint) -> None:
    """Give it more files than fit on one page, spread over all of its nodes."""
    share, left = divmod(checkpoint.size_bytes, FILE_COUNT)
    checkpoint.files = [
        StoredFile(
            relative_file_name=f"rank_{number % checkpoint.node_count}/shard_{number:05}.distcp",
            size_bytes=share + (left if number == 0 else 0),
            node_rank=number % checkpoint.node_count,
        )
        for number in range(FILE_COUNT)
    ]
