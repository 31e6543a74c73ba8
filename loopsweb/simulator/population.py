"""The organisation at the start: three people, their runs, and what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle, islice
from random import Random

from .background_activity import Ambience
from .catalogue import MODELS
from .entities import ENDED, Run
from .history import add_history, add_training, scatter
from .people import OWN_SCOPE, User
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
AGES = (9.0, 5.5, 30.0, 3.2, 26.0, 51.0, 0.01, 74.0, 1.7, 0.001, 0.8, 98.0)  # in hours
SAME_SESSION = 3  # the run that shares the first one's session: both are Ada's
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
    ambience.people.extend((ada, grace, noor))
    for number, (status, capacity) in enumerate(islice(states(generation), runs)):
        early = number < len(FIRST)
        age = timedelta(hours=AGES[number] if early else 100 + number * 0.4)
        run = add_training(
            world,
            session=next(iter(world.sessions.values())) if number == SAME_SESSION else None,
            owner=next(owners),
            base_model=next(models),
            status=status,
            capacity=capacity,
            age=age,
        )
        if status not in ("CREATED", "DEPLOYING"):
            add_history(world, run, age, checkpoints_per_run)
        if early:
            enliven(ambience, run, chance)
    scattered = next((one for one in world.checkpoints.values() if one.node_count > 1), None)
    if scattered is not None:
        scatter(scattered)
    if runs:
        add_standalone_samplers(world, ambience, (ada, grace, noor))


def states(generation: str) -> Iterator[tuple[str, str]]:
    """(what has become of the deployment, its capacity), without end."""
    for status, capacity in FIRST:
        known = status != "SERVERLESS" or generation == "current"
        yield (status if known else "RUNNING"), capacity
    yield from cycle(LATER)


def enliven(ambience: Ambience, run: Run, chance: Random) -> None:
    """Set in motion what is not over; what is RUNNING has saved something this moment."""
    deployment = run.deployment
    if deployment is None or deployment.status in ENDED:
        return
    ambience.lively.add(deployment.id)
    if deployment.status == "RUNNING":
        ambience.save(run, 100 * (len(run.checkpoints) // 2 + 1))
        ambience.train(run)
    elif deployment.status == "SCALED_TO_ZERO":
        ambience.sleep(run, deployment, chance.uniform(30, 400))
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
