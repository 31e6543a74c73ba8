"""A page loads its scripts and its styles as one file each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from bench.site import DIGEST
from loopsweb.accounts.models import User, Workspace
from loopsweb.ui.bundles import SOURCES, BundleFinder, join_sources
from tests.personas import login_as

STATIC = Path(settings.BASE_DIR, "static")
LOADED = re.compile(r'<(?:script|link)[^>]* (?:src|href)="/static/([^"]+)"')
ONLY_SOME = {"admin.css", "asked-region.js", "chart-crosshair.js", "log-view.js"}


def test_a_page_asks_for_four_files(alice: User, acme: Workspace) -> None:
    page = login_as(alice).get("/w/acme/runs/").content.decode()
    files = ["icon.svg", "site.css", "site.js", "django_htmx/htmx-2.min.js"]
    assert [DIGEST.sub("", name) for name in LOADED.findall(page)] == files
    assert all(finders.find(file) for file in files)


def test_every_file_is_in_a_bundle_or_named_by_its_pages() -> None:
    bundled = {source.name for sources in SOURCES.values() for source in sources}
    files = {path.name for kind in ("js", "css") for path in (STATIC / kind).iterdir()}
    assert files - bundled == ONLY_SOME
    templates = "".join(path.read_text() for path in (STATIC.parent / "templates").rglob("*.html"))
    assert all(f"/{name}" in templates for name in ONLY_SOME)


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_found_is_the_sources_in_order(name: str) -> None:
    found = Path(str(finders.find(name))).read_text()
    assert found == join_sources(name, STATIC)
    starts = [found.index((STATIC / source).read_text()) for source in SOURCES[name]]
    assert starts == sorted(starts)


def test_a_changed_source_changes_what_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "STATICFILES_DIRS", [tmp_path])
    for source in SOURCES["site.js"]:
        (tmp_path / source).parent.mkdir(exist_ok=True)
        (tmp_path / source).write_text(f"const NAME = {source.stem!r};\n")
    monkeypatch.setattr(settings, "BUNDLES_DIR", tmp_path / "bundles")
    found = Path(BundleFinder().find("site.js")).read_text()
    assert found.startswith("{\nconst NAME = 'first-rows';\n}\n{\n")
    (tmp_path / "js" / "first-rows.js").write_text("const OTHER = 1;\n")
    changed = Path(BundleFinder().find("site.js")).read_text()
    assert changed.startswith("{\nconst OTHER = 1;\n}\n{\n")
    assert [path.name for path in (tmp_path / "bundles").iterdir()] == ["site.js"]
