"""No modules of loopsweb import each other, directly or in a longer circle.

Imports inside of functions and under TYPE_CHECKING count too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def find_modules(root: Path, package: str) -> dict[str, Path]:
    """Every module below `root` / `package` by its dotted name."""
    files = {
        path.relative_to(root).with_suffix(""): path for path in root.glob(f"{package}/**/*.py")
    }
    return {".".join(key.parts).removesuffix(".__init__"): path for key, path in files.items()}


def find_imports(name: str, path: Path) -> Iterator[tuple[str, str]]:
    """(module, imported name) of every import, with an empty name for `import module`."""
    package = name.split(".") if path.stem == "__init__" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*parents, *([node.module] if node.module else [])])
            yield from ((module, alias.name) for alias in node.names)


def build_graph(modules: dict[str, Path]) -> dict[str, set[str]]:
    """The modules that each module imports. `from package import module` imports the module."""
    graph: dict[str, set[str]] = {name: set() for name in modules}
    for name, path in modules.items():
        for module, imported in find_imports(name, path):
            target = f"{module}.{imported}" if f"{module}.{imported}" in modules else module
            if target in modules and target != name:
                graph[name].add(target)
    return graph


def find_circle(graph: dict[str, set[str]]) -> list[str]:
    """The modules of one circle, the first one repeated at the end; [] without a circle."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


def test_no_modules_import_each_other() -> None:
    graph = build_graph(find_modules(ROOT, "loopsweb"))
    pairs = [(one, other) for one in graph for other in graph[one] if one in graph[other]]
    assert pairs == []


def test_no_modules_import_each_other_in_a_longer_circle() -> None:
    modules = find_modules(ROOT, "loopsweb")
    assert "loopsweb.settings" in modules
    assert find_circle(build_graph(modules)) == []


@pytest.mark.parametrize(
    "imports",
    [
        {"a": "import house.b", "b": "import house.a"},
        {"a": "from house import b", "b": "def f():\n    from house.a import x"},
        {"a": "from . import b", "b": "if TYPE_CHECKING:\n    from .a import X"},
        {"a": "from .b import x", "b": "from .c import x", "c": "from house.a import x"},
        {"__init__": "from house.a import x", "a": "from house import x"},
    ],
)
def test_a_circle_is_found(tmp_path: Path, imports: dict[str, str]) -> None:
    house = tmp_path / "house"
    house.mkdir()
    for name, line in imports.items():
        (house / f"{name}.py").write_text(line)
    names = {f"house.{name}".removesuffix(".__init__") for name in imports}
    assert set(find_circle(build_graph(find_modules(tmp_path, "house")))) == names
