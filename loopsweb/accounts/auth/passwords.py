"""Refuses passwords that are made of what an attacker knows anyway."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from loopsweb.accounts.models import User

MIN_LENGTH, MIN_WORD = 8, 4
SITE_WORDS = ("loopsweb", "loops", "baseten")


class ContextWordsValidator:
    def validate(self, password: str, user: User | None = None) -> None:
        """Raises ValidationError."""
        refuse_words(password, list_context_words(user))

    def get_help_text(self) -> str:
        return "Names of this site, your teams and your email do not count as part of it."


def refuse_words(password: str, words: Iterable[str]) -> None:
    """The letters and digits besides these words must be enough. Raises ValidationError."""
    rest, found = password.lower(), []
    for word in sorted({each.lower() for each in words}, key=len, reverse=True):
        if len(word) >= MIN_WORD and word in rest:
            rest = rest.replace(word, "")
            found.append(word)
    if found and sum(map(str.isalnum, rest)) < MIN_LENGTH:
        named = " and ".join(f"“{word}”" for word in found)
        raise ValidationError(
            f"{named} can be guessed. Besides that, the password needs at least "
            f"{MIN_LENGTH} letters and digits."
        )


def list_context_words(user: User | None) -> list[str]:
    """The site's names, the parts of the email, the person's name, and those of their teams."""
    texts = [*SITE_WORDS, urlsplit(settings.LOOPSWEB_URL).hostname or ""]
    if user is not None:
        texts += [user.email, user.name]
        if user.pk:
            texts += user.teams.values_list("name", flat=True)
            texts += user.teams.values_list("workspaces__name", flat=True)
    return [word for text in texts for word in split_words(text or "")]


def split_words(text: str) -> list[str]:
    """The text itself and its words."""
    return [text, *re.findall(r"\w+", text.replace("_", " "))]
