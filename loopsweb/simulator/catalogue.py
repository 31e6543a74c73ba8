"""The base models and instance types of the simulated organisation, with realistic values."""

from __future__ import annotations

from dataclasses import dataclass

ALL_MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class InstanceType:
    """A machine. `price` is in USD per minute."""

    id: str
    name: str
    memory_limit_mib: int
    millicpu_limit: int
    gpu_count: int
    gpu_type: str | None
    gpu_memory_limit_mib: int | None
    price: float


@dataclass(frozen=True)
class BaseModel:
    """A model that can be trained. `adapter_bytes` is the size of a rank-64 adapter.

    enabled_seq_len: the longest sequence that the organisation may use, by default the longest.
    serverless: None if the API does not say whether it has such capacity.
    """

    name: str
    max_seq_len: int
    machine: str
    node_count: int
    adapter_bytes: int
    vision: bool = False
    enabled: bool = True
    enabled_seq_len: int | None = None
    serverless: bool | None = None

    @property
    def longest(self) -> int:
        """The longest sequence that a run can be created with; 0 if none can."""
        return (self.enabled_seq_len or self.max_seq_len) if self.enabled else 0


def _build_machine(kind: str, count: int, memory_gib: int, cpus: int, price: float) -> InstanceType:
    gpu_memory = {"H100": 81_920, "H200": 144_384, "B200": 184_320, "L4": 24_576}[kind] * count
    name = f"{kind}:{count}x{cpus}x{memory_gib}"
    return InstanceType(
        id=f"{kind}-{count}".lower(),
        name=name,
        memory_limit_mib=memory_gib * 1024,
        millicpu_limit=cpus * 1000,
        gpu_count=count,
        gpu_type=kind,
        gpu_memory_limit_mib=gpu_memory,
        price=price,
    )


CPU_ONLY = InstanceType("cpu-4", "4x16", 16_384, 4_000, 0, None, None, 0.00346)
INSTANCE_TYPES = {
    machine.id: machine
    for machine in (
        CPU_ONLY,
        _build_machine("L4", 1, 16, 4, 0.01414),
        _build_machine("H100", 1, 234, 26, 0.10833),
        _build_machine("H100", 2, 468, 52, 0.21667),
        _build_machine("H100", 8, 1_872, 208, 0.86667),
        _build_machine("H200", 4, 800, 96, 0.53333),
        _build_machine("H200", 8, 1_600, 192, 1.06667),
        _build_machine("B200", 8, 1_800, 224, 1.33067),
    )
}
SAMPLER_MACHINES = {"h200-8": "h200-4", "b200-8": "b200-8", "h100-8": "h100-8"}

MODELS = {
    model.name: model
    for model in (
        BaseModel("Qwen/Qwen3-8B", 131_072, "h100-2", 1, 349_243_752, serverless=True),
        BaseModel("meta-llama/Llama-3.3-70B-Instruct", 131_072, "h200-8", 2, 1_656_783_360),
        BaseModel("Qwen/Qwen3-32B", 131_072, "h100-8", 1, 1_073_872_896),
        BaseModel("Qwen/Qwen3-30B-A3B", 262_144, "h200-8", 1, 863_518_720, enabled_seq_len=131_072),
        BaseModel("meta-llama/Llama-3.1-8B-Instruct", 131_072, "h100-1", 1, 335_604_096),
        BaseModel("Qwen/Qwen3-VL-8B-Instruct", 131_072, "h100-2", 1, 358_612_992, vision=True),
        BaseModel("openai/gpt-oss-120b", 131_072, "b200-8", 1, 1_493_172_224),
        BaseModel("moonshotai/Kimi-K2-Instruct", 65_536, "b200-8", 4, 4_026_531_840, enabled=False),
    )
}


def get_model(name: str) -> BaseModel:
    """The catalogue's entry, or for an unknown name one with average values."""
    return MODELS.get(name) or BaseModel(name, 131_072, "h100-8", 1, 524_288_000)


def get_trainer_machine(base_model: str) -> tuple[InstanceType, int]:
    """The instance type and the number of nodes of a trainer of this model."""
    model = get_model(base_model)
    return INSTANCE_TYPES[model.machine], model.node_count


def get_sampler_machine(base_model: str) -> InstanceType:
    """The instance type of a sampler of this model."""
    return INSTANCE_TYPES[SAMPLER_MACHINES.get(get_model(base_model).machine, "h100-1")]
