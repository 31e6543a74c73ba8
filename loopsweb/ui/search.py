"""Search that finds regardless of case and Unicode form, with the same result on every database.

Each row stores the normalised text of what it can be found by.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connections, models

MAX_LENGTH = 300
MAX_WORDS = 10
ROWS_AT_ONCE = 5000
VARIATION_SELECTORS = range(0xFE00, 0xFE10)
FORMATS = (code for code in range(0x10000) if unicodedata.category(chr(code)) == "Cf")
IGNORED = dict.fromkeys((*VARIATION_SELECTORS, *FORMATS))
TOO_LONG = f"Search for at most {MAX_LENGTH} characters."
TOO_MANY = f"Search for at most {MAX_WORDS} words."


def normalize_text(text: str) -> str:
    """Fold case and Unicode form: "É" and "e" with a combining accent become the same "é". The
    Turkish letters with and without a dot are an "i"; what is invisible is left out."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text.translate(IGNORED)).casefold()
    folded = re.sub("[i\N{LATIN SMALL LETTER DOTLESS I}]\u0307*", "i", folded)
    return unicodedata.normalize("NFKC", folded)


def join_normalized(values: Iterable[object]) -> str:
    """Words of a search never match across two values: they contain no line break."""
    return "\n".join(normalize_text(str(value)) for value in values if value)


def explain_refusal(search: str) -> str:
    """Return the reason why a search is refused, or ""."""
    if len(search) > MAX_LENGTH:
        return TOO_LONG
    return TOO_MANY if len(search.split()) > MAX_WORDS else ""


def match_words(search: str, field: str) -> models.Q:
    """Every word is somewhere in `field`, which holds normalised text."""
    condition = models.Q()
    for word in search.split():
        condition &= models.Q(**{f"{field}__contains": normalize_text(word)})
    return condition


class SearchTextField(models.TextField):  # type: ignore[type-arg]
    """The normalised values of the fields `of`, written whenever the row is saved or created.

    Other ways to write bypass it: call `write_search_text` before them, or `refresh_search_text`
    after them.
    """

    def __init__(self, *, of: tuple[str, ...] = (), **options: Any) -> None:
        self.of = of
        super().__init__(**options | {"editable": False, "blank": True, "default": ""})

    def deconstruct(self) -> Any:
        name, _path, arguments, options = super().deconstruct()
        return name, "django.db.models.TextField", arguments, options

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: FBT001
        text = join_normalized(getattr(model_instance, name) for name in self.of)
        setattr(model_instance, self.attname, text)
        return text


def write_search_text(row: models.Model) -> None:
    """Make the search text of a row agree with its other fields. It is not saved."""
    row._meta.get_field("search_text").pre_save(row, add=False)  # type: ignore[union-attr]


def refresh_search_text(rows: models.QuerySet[Any], of: Sequence[str] = ()) -> None:
    """Make the search text of `rows` agree with their other fields, thousands of rows a second.

    of: the fields, where the model's own field does not name them, as in a migration."""
    last = 0
    while batch := read_batch(rows, of or rows.model._meta.get_field("search_text").of, after=last):
        last = batch[-1][0]
        stale = [(text, pk) for pk, text, stored in batch if text != stored]
        write_texts(rows.db, rows.model._meta.db_table, stale)


def read_batch(
    rows: models.QuerySet[Any], of: Sequence[str], *, after: int
) -> list[tuple[int, str, str]]:
    """(primary key, what the text should be, what it is) of the next rows."""
    found = rows.filter(pk__gt=after).order_by("pk").values_list("pk", "search_text", *of)
    return [(pk, join_normalized(values), stored) for pk, stored, *values in found[:ROWS_AT_ONCE]]


def write_texts(database: str, table: str, texts: Sequence[tuple[str, int]]) -> None:
    if texts:
        quoted = connections[database].ops.quote_name(table)
        with connections[database].cursor() as cursor:
            cursor.executemany(
                f"UPDATE {quoted} SET search_text = %s WHERE id = %s",  # noqa: S608
                texts,
            )
