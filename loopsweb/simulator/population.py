"""The organisation at the start: three people, their runs, and what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle, islice
from random import Random

from .ambience import Ambience
from .catalogue import MODELS
from .things import ENDED, OWN_SCOPE, Run, User
from .world import World

# The first dozen runs: what has become of their deployments, and on which capacity they are.
FIRST = (
    ("RUNNING", "dedicated"),
    ("RUNNING", "dedicated"),
    ("SCALED_TO_ZERO", "dedicated"),
    ("RUNNING", "spot"),
    ("FAILED", "dedicated"),
    ("PREEMPTED", "spot"),
    ("DEPLOYING", "dedicated"),
    ("STOPPED", "dedicated"),
    ("RUNNING", "dedicated"),
    ("CREATED", "spot"),
    ("SERVERLESS", "dedicated"),
    ("STOPPED", "dedicated"),
)
LATER = (("STOPPED", "dedicated"),) * 23 + (("SCALED_TO_ZERO", "dedicated"), ("FAILED", "spot"))


def populate(
    world: World, ambience: Ambience, *, generation: str, runs: int, checkpoints_per_run: int
) -> None:
    """Fill an empty world. The same seed, size and time make the same world."""
    ambience.restart()
    chance = Random(f"{world.seed}/population")  # noqa: S311
    ada = world.add_user("ada@example.com", "Ada Okafor")
    grace = world.add_user("grace@example.com", "Grace Lindqvist")
    noor = world.add_user("noor@example.com", "Noor Haddad")
    kind = "WORKSPACE_MANAGE_ALL"
    world.add_key("demo-org-key", ada, type=kind, name="Dashboard, whole organisation")
    world.add_key("demo-own-key", grace, scopes=(OWN_SCOPE,), name="Grace's laptop")
    world.add_key("demo-other-key", noor, name="Noor's training scripts")
    owners = cycle((ada, ada, grace, ada, noor, ada))
    models = cycle([model.name for model in MODELS.values() if model.enabled])
    ages = (9.0, 5.5, 30.0, 3.2, 26.0, 51.0, 0.01, 74.0, 1.7, 0.001, 0.8, 98.0)
    for number, (status, capacity) in enumerate(islice(states(), runs)):
        age = timedelta(hours=ages[number] if number < len(ages) else 100 + number * 0.4)
        run = add_training(world, next(owners), next(models), status, capacity, age, generation)
        if status not in ("CREATED", "DEPLOYING"):
            add_history(world, run, age, checkpoints_per_run)
        enliven(ambience, run, chance)
    if runs:
        add_standalone_samplers(world, ambience, (ada, grace, noor))


def states() -> Iterator[tuple[str, str]]:
    """(status of the deployment, its capacity), without end."""
    yield from FIRST
    yield from cycle(LATER)


def add_training(
    world: World,
    owner: User,
    base_model: str,
    status: str,
    capacity: str,
    age: timedelta,
    generation: str,
) -> Run:
    """A session with a run, its deployment and its paired sampler, begun `age` ago."""
    begun = world.now - age
    serverless = status == "SERVERLESS"
    session = world.add_session(owner=owner, created_at=begun)
    live = status in ("RUNNING", "DEPLOYING", "CREATED", "SERVERLESS")
    sampler_status = {"RUNNING": "ACTIVE", "SERVERLESS": "ACTIVE", "DEPLOYING": "LOADING_MODEL"}
    sampler = world.add_sampler(
        session=session,
        base_model=base_model,
        created_at=begun,
        status=sampler_status.get(status, "INACTIVE"),
        serverless=serverless and generation == "current",
    )
    if status in ("SCALED_TO_ZERO", "CREATED"):
        sampler.status = {"CREATED": "BUILDING"}.get(status, status)
    run = world.add_run(
        session=session,
        base_model=base_model,
        created_at=begun,
        status="ACTIVE" if live else "INACTIVE",
        sampler=sampler,
    )
    if not (serverless and generation == "current"):
        deployment = world.add_deployment(
            run=run,
            status="RUNNING" if serverless else status,
            availability_model=capacity,
        )
        if status == "SCALED_TO_ZERO":
            deployment.idle_since = world.now - age / 8
        if status in ENDED:
            deployment.ended_at = begun + age / 3
    return run


def add_history(world: World, run: Run, age: timedelta, count: int) -> None:
    """`count` checkpoints: every step's for the trainer and, under the same name, the sampler."""
    deployment = run.deployment
    nodes = 1 if deployment is None else deployment.node_count
    ended = None if deployment is None else deployment.ended_at or deployment.idle_since
    lasted = age if ended is None else ended - run.created_at
    steps = (count + 1) // 2
    for number in range(count):
        step, target = number // 2 + 1, ("trainer", "sampler")[number % 2]
        world.add_checkpoint(
            run=run,
            name=f"step-{100 * step}",
            target=target,
            created_at=run.created_at + lasted * step / (steps + 1),
            node_count=nodes if target == "trainer" else 1,
        )


def enliven(ambience: Ambience, run: Run, chance: Random) -> None:
    """Set in motion what is not over: what runs has saved a moment ago, what comes up comes up."""
    deployment = run.deployment
    if deployment is None or deployment.status in ENDED:
        return
    ambience.lively.add(deployment.id)
    if deployment.status == "RUNNING":
        ambience.save(run, 100 * (len(run.checkpoints) // 2 + 1))
        ambience.train(run)
    elif deployment.status == "SCALED_TO_ZERO":
        ambience.rest_until_woken(run, deployment, chance.uniform(30, 400))
    else:
        ambience.life.launch(run)


def add_standalone_samplers(world: World, ambience: Ambience, people: tuple[User, ...]) -> None:
    """Three: one that naps, one that failed to start, one that serves a checkpoint."""
    ada, grace, noor = people
    day = timedelta(days=1)
    napping = world.add_sampler(owner=ada, created_at=world.now - day / 3)
    ambience.nap(napping)
    world.add_sampler(owner=noor, created_at=world.now - day, status="DEPLOY_FAILED")
    served = next((one for one in world.checkpoints.values() if one.target == "sampler"), None)
    if served is not None:
        run = served.run
        path = f"bt://loops:{run.id}/sampler_weights/{served.name}"
        world.add_sampler(
            owner=grace, base_model=run.base_model, created_at=world.now - day / 2, model_path=path
        )
