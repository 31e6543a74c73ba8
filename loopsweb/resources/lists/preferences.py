"""The columns of a list that a person does not want to see, and the rows of a page."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from loopsweb.accounts.models import User
from loopsweb.resources.nouns import NOUNS
from loopsweb.ui.listing import PAGE_SIZE

SIZES = (25, 50, 100, 200)
LABELS = {
    "base_model": "Base model",
    "cost": "USD/hour",
    "gpus": "GPUs",
    "idle": "Idle for",
    "uri": "URI",
    "at": "When",
    "seen": "First seen",
}


def label_column(listed: str, name: str) -> str:
    """The heading of a column. The first one is headed by what the rows are."""
    if name == ("name" if listed == "checkpoints" else "id"):
        return NOUNS[listed].singular.capitalize()
    return LABELS.get(name, name.replace("_", " ").capitalize())


@dataclass(frozen=True)
class ListPreferences:
    hidden: frozenset[str] = frozenset()
    size: int = PAGE_SIZE

    def list_columns(self, optional: Iterable[str]) -> list[tuple[str, str, bool]]:
        """(name, label, whether it is shown) of each column that can be hidden."""
        return [
            (name, LABELS.get(name, name.replace("_", " ").capitalize()), name not in self.hidden)
            for name in optional
        ]

    def key(self) -> tuple[object, ...]:
        """What a cached table depends on."""
        return (sorted(self.hidden), self.size)


def load_preferences(person: User, noun: str) -> ListPreferences:
    stored = person.preferences.get("lists", {}).get(noun)
    if not stored:
        return ListPreferences()
    return ListPreferences(frozenset(stored["hidden"]), stored["size"])


def save_preferences(person: User, noun: str, *, hidden: Collection[str], size: int) -> None:
    """Raises ValueError for a size that is not offered."""
    if size not in SIZES:
        raise ValueError(f"{size} is not one of {SIZES}.")
    lists = person.preferences.get("lists", {})
    lists = lists | {noun: {"hidden": sorted(hidden), "size": size}}
    person.preferences = person.preferences | {"lists": lists}
    person.save(update_fields=["preferences"])
