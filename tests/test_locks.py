"""The lock files install on a new machine, whatever has been released since."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PIN = re.compile(r"^([A-Za-z0-9._-]+)(\[[^\]]*\])?==([^ ;]+)", re.MULTILINE)


def parse_pins(name: str) -> dict[str, Requirement]:
    found = PIN.finditer((ROOT / name).read_text())
    return {canonicalize_name(one[1]): Requirement(one[0]) for one in found}


@pytest.fixture(params=["requirements.lock", "requirements-dev.lock"])
def lock(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_extras_are_pinned(lock: str) -> None:
    """pip ignores `coverage==1` for a wanted `coverage[toml]` once a newer one is out."""
    pinned = parse_pins(lock)
    missing = []
    for name, pin in pinned.items():
        try:
            needs = [Requirement(line) for line in requires(name) or []]
        except PackageNotFoundError:  # of another Python or system
            continue
        for need in needs:
            environments = [{"extra": extra} for extra in ("", *pin.extras)]
            wanted = need.marker is None or any(need.marker.evaluate(e) for e in environments)
            there = pinned.get(canonicalize_name(need.name))
            if wanted and there and not need.extras <= there.extras:
                missing.append(f"{name} wants {need.name}{sorted(need.extras)}")

    assert missing == []
    assert any(pin.extras for pin in pinned.values())


def test_locks_have_hashes_and_no_hosts(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert "://" not in text
    blocks = re.split(r"\n(?=[A-Za-z])", text.strip())
    assert [block for block in blocks if "--hash=sha256:" not in block] == []
