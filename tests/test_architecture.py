from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HOUSE = "Imports go one way through the house"
BETWEEN = "Between nouns, imports go from what ends to what begins"
INSIDE = "In a noun, imports go from the page to the row"
DEACTIVATIONS = "In deactivations, imports go from the page to the states"
VIEWS = "Only urls import views"
HTTPX = "Only loops_api imports httpx"
FRAMEWORKS = "loops_api and the simulator import neither Django nor Celery"
SIMULATOR = "The product never imports the simulator"

VIOLATIONS = {
    "the audit imports keys": (HOUSE, "audit/record.py", "import loopsweb.keys.models"),
    "people import the wire's users": (HOUSE, "accounts/models.py", "import loopsweb.keys.clients"),
    "a module without a place": (HOUSE, "helpers.py", ""),
    "a run's sync imports deployments": (
        BETWEEN,
        "resources/runs/sync.py",
        "import loopsweb.resources.deployments.models",
    ),
    "a session's row imports runs": (
        BETWEEN,
        "resources/sessions/models.py",
        "import loopsweb.resources.runs.models",
    ),
    "a module of the resources without a place": (BETWEEN, "resources/common.py", ""),
    "a row imports its sync": (
        INSIDE,
        "resources/runs/models.py",
        "import loopsweb.resources.runs.sync",
    ),
    "an action imports its form": (
        INSIDE,
        "resources/runs/actions.py",
        "import loopsweb.resources.runs.forms",
    ),
    "a module of a noun without a place": (INSIDE, "resources/samplers/extra.py", ""),
    "a state imports the dispatch": (
        DEACTIVATIONS,
        "resources/deactivations/states.py",
        "import loopsweb.resources.deactivations.dispatch",
    ),
    "a view imports a view": (
        VIEWS,
        "dashboard/overview_views.py",
        "import loopsweb.resources.runs.views",
    ),
    "a page asks for a file's download by itself": (
        VIEWS,
        "dashboard/activity.py",
        "import loopsweb.resources.checkpoints.file_views",
    ),
    "a check speaks HTTP by itself": (HTTPX, "keys/probe.py", "import httpx"),
    "the wire imports Django": (FRAMEWORKS, "loops_api/uris.py", "import django.conf"),
    "the simulator imports Celery": (FRAMEWORKS, "simulator/world.py", "import celery"),
    "a view imports the simulator": (
        SIMULATOR,
        "dashboard/site_views.py",
        "import loopsweb.simulator",
    ),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "loopsweb", tree / "loopsweb", ignore=ignored)
    shutil.copy(ROOT / ".importlinter", tree)
    return tree


def broken_contracts(tree: Path) -> set[str]:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")],
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    broken = set(re.findall(r"^(.+?) BROKEN", done.stdout, re.MULTILINE))
    assert done.returncode == (1 if broken else 0), done.stdout + done.stderr
    return broken


def test_import_contracts_hold(copy: Path) -> None:
    assert broken_contracts(copy) == set()


@pytest.mark.parametrize("violation", VIOLATIONS)
def test_each_planted_violation_is_reported(copy: Path, violation: str) -> None:
    contract, file, line = VIOLATIONS[violation]
    module = copy / "loopsweb" / file
    before = module.read_text() if module.exists() else None
    module.write_text(f"{before or ''}\n{line}\n")
    try:
        assert broken_contracts(copy) == {contract}
    finally:
        if before is None:
            module.unlink()
        else:
            module.write_text(before)


def test_every_contract_has_a_planted_violation() -> None:
    contracts = configparser.ConfigParser()
    contracts.read(ROOT / ".importlinter")
    names = {contracts[section]["name"] for section in contracts.sections() if ":" in section}
    assert names == {contract for contract, _, _ in VIOLATIONS.values()}


def test_no_module_is_longer_than_contributing_allows() -> None:
    exempt = {ROOT / "loopsweb" / "settings.py"}
    modules = [one for one in (ROOT / "loopsweb").rglob("*.py") if "migrations" not in one.parts]
    lengths = {one: len(one.read_text().splitlines()) for one in modules}

    assert {one: lines for one, lines in lengths.items() if lines > 250}.keys() == exempt
