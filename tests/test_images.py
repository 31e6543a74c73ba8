from __future__ import annotations

import re

import yaml

from tests.processes import ROOT

PINNED = re.compile(r"[a-z]+:\d[\w.-]*@sha256:[0-9a-f]{64}")
BUILT_HERE = {"loopsweb"}


def test_every_image_is_pinned_by_version_and_digest() -> None:
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"].values()
    images = {*bases, *(service["image"] for service in services)} - BUILT_HERE
    assert len(images) == 3
    assert [image for image in images if not PINNED.fullmatch(image)] == []
