"""The base models to choose from: which are enabled, and what they cost."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.db.models import Max

from loopsweb.accounts.models import Workspace
from loopsweb.loops_api.undocumented_types import SupportedModel
from loopsweb.resources.catalogue import Catalogue
from loopsweb.resources.deployments.models import Deployment
from loopsweb.resources.runs.models import Run
from loopsweb.resources.samplers.models import Sampler
from loopsweb.resources.snapshot.models import GPUHolder

MAX_USED = 100
PARTS: dict[str, type[GPUHolder]] = {"trainer": Deployment, "sampler": Sampler}


@dataclass(frozen=True)
class Machines:
    """What the newest trainer or sampler of a model holds. cost_per_hour: USD, None if unknown."""

    instance: str
    nodes: int
    cost_per_hour: Decimal | None

    def times(self, number: int) -> Machines:
        cost = None if self.cost_per_hour is None else self.cost_per_hour * number
        return replace(self, nodes=self.nodes * number, cost_per_hour=cost)


@dataclass(frozen=True, kw_only=True)
class BaseModel:
    """known: what the API says of it; None where it says nothing. machines: of each part that is
    created, trainer or sampler; None where none of this model has been seen."""

    name: str
    known: SupportedModel | None = None
    machines: Mapping[str, Machines | None] = field(default_factory=dict)

    @property
    def refusal(self) -> str:
        """Why nothing can be created with it, and what helps; "" if it can, or if unknown."""
        return explain_refusal(self.known) if self.known else ""

    @property
    def longest(self) -> int | None:
        return self.known.longest if self.known else None

    @property
    def cost_per_hour(self) -> Decimal | None:
        """USD for all that is created, None unless all of it is known."""
        parts = self.machines.values()
        costs = [part.cost_per_hour for part in parts if part and part.cost_per_hour is not None]
        return sum(costs, Decimal(0)) if parts and len(costs) == len(parts) else None

    @property
    def is_seen(self) -> bool:
        return any(self.machines.values())

    def with_replicas(self, replicas: Mapping[str, int]) -> BaseModel:
        """Of the parts in `replicas` alone, as many of each."""
        seen = {part: (self.machines.get(part), number) for part, number in replicas.items()}
        machines = {part: one and one.times(number) for part, (one, number) in seen.items()}
        return replace(self, machines=machines)


def explain_refusal(model: SupportedModel) -> str:
    if model.enabled and model.longest != 0:
        return ""
    details = model.enablement_details
    why = details and (details.reason_detail or details.reason)
    sentences = [f"{model.model_name} is not enabled for this organisation.", why]
    sentences.append(details and details.remediation)
    return " ".join(one if one.endswith((".", "!")) else f"{one}." for one in sentences if one)


def list_base_models(
    workspace: Workspace, catalogue: Catalogue | None, *, parts: Collection[str]
) -> list[BaseModel]:
    """The models that the server lists; where it lists none, those of known runs. `parts`: whose
    machines to find, of PARTS."""
    found = {part: dict(find_machines(workspace, catalogue, PARTS[part])) for part in parts}
    listed = catalogue.base_models if catalogue else ()
    used = Run.objects.in_workspace(workspace).exclude(base_model="").order_by("base_model")
    names = [one.model_name for one in listed] or list(
        used.values_list("base_model", flat=True).distinct()[:MAX_USED]
    )
    known = {one.model_name: one for one in listed}
    return [
        BaseModel(
            name=name,
            known=known.get(name),
            machines={part: machines.get(name) for part, machines in found.items()},
        )
        for name in names
    ]


def find_machines(
    workspace: Workspace, catalogue: Catalogue | None, model: type[GPUHolder]
) -> Iterator[tuple[str, Machines]]:
    """The machines of each base model, the newest last."""
    rows = model.objects.in_workspace(workspace).exclude(instance_id="")
    groups = rows.order_by().values_list("base_model", "instance_id", "instance_name", "node_count")
    for name, instance_id, instance, nodes, _ in groups.annotate(
        newest=Max("first_seen_at")
    ).order_by("newest"):
        cost = catalogue.price(instance_id, nodes).usd if catalogue else None
        yield name, Machines(instance or instance_id, nodes or 1, cost)
