"""The scripts and the styles of all pages, each as one file: a page asks for two instead of twenty.

The files are made of those in static/, whenever static files are listed or collected.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

STYLES = "base frame parts tables forms print charts telemetry"
SCRIPTS = (
    "first-rows cookie-switch toast-list copy-button time-ago live-region freshness-bar "
    "auto-submit full-text select-all current-entry print-time search-box keyboard drop-down "
    "page-dialog error-summary unsent-form"
)
SOURCES = {
    "site.css": [Path("css", f"{name}.css") for name in STYLES.split()],
    "site.js": [Path("js", f"{name}.js") for name in SCRIPTS.split()],
}


def join_sources(name: str, folder: Path) -> str:
    """Each script in a block, so that no name of one is known to another."""
    texts = [(folder / source).read_text() for source in SOURCES[name]]
    if name.endswith(".js"):
        texts = [f"{{\n{text}}}\n" for text in texts]
    return "".join(texts)


class BundleFinder(BaseFinder):
    """Finds site.css and site.js, which it writes into settings.BUNDLES_DIR."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.storage = FileSystemStorage(location=settings.BUNDLES_DIR)

    def list(self, _ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Any]]:
        for name in SOURCES:
            self.write(name)
            yield name, self.storage

    def find(self, path: str, *_: Any, **__: Any) -> Any:
        return self.write(path) if path in SOURCES else []

    def write(self, name: str) -> str:
        """Return its path. Several processes may write it at once."""
        [folder] = map(Path, settings.STATICFILES_DIRS)
        text, target = join_sources(name, folder), Path(settings.BUNDLES_DIR, name)
        if not target.exists() or target.read_text() != text:
            target.parent.mkdir(parents=True, exist_ok=True)
            draft = target.with_suffix(f".{uuid4().hex}")
            draft.write_text(text)
            draft.replace(target)
        return str(target)
