"""Refuses passwords that are made of what an attacker knows anyway."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from loopsweb.accounts.models import User

MIN_LENGTH, MIN_WORD = 8, 4
# Letters of other alphabets that look like these, in lower case.
LOOKALIKES = str.maketrans(
    "авекмнопрстухгіјѕһԁԛԝьɡıαβγεηικνορτυχωłøđħ",
    "abekmhonpctyxrijshdqwbgiabyenikvoptuxwlodh",
)
SITE_WORDS = ("loopsweb", "loops", "baseten")


class ContextWordsValidator:
    def validate(self, password: str, user: User | None = None) -> None:
        """Raises ValidationError."""
        refuse_words(password, list_context_words(user))

    def get_help_text(self) -> str:
        return "Names of this site, your teams and your email do not count as part of it."


def refuse_words(password: str, words: Iterable[str]) -> None:
    """The letters and digits besides these words must be enough, however they are separated,
    accented or written. Raises ValidationError."""
    rest, found = simplify(password), []
    plain = {simplify(each): each.lower() for each in words}
    for letters in sorted(plain, key=len, reverse=True):
        if len(letters) >= MIN_WORD and letters in rest:
            rest = rest.replace(letters, "")
            found.append(plain[letters])
    if found and len(rest) < MIN_LENGTH:
        named = " and ".join(f"“{word}”" for word in found)
        raise ValidationError(
            f"{named} can be guessed. Besides that, the password needs at least "
            f"{MIN_LENGTH} letters and digits."
        )


def simplify(text: str) -> str:
    """Its letters and digits alone, without accents, case and other ways to write them."""
    plain = "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text.casefold())))
    return plain.casefold().translate(LOOKALIKES)


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
