"""A form that was sent before its person had confirmed: the confirmation says what it does. Where
it is not carried out at once, they send it again with one click. Its secrets are not kept.

It is in the session for an hour, until a confirmed form is sent or another is kept. Its person
comes back to an address that names it, so that they never send another.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.backends.base import SessionBase
from django.dispatch import receiver
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from loopsweb.accounts.auth.form_words import describe_form, list_typed_fields
from loopsweb.accounts.models import User

KEY = "kept_form"
HOUR = 3600
MAX_BYTES = 100_000
# Fields with these names are not kept.
SECRET_FIELDS = frozenset(
    [
        "secret",
        "password",
        "password1",
        "password2",
        "new_password1",
        "new_password2",
        "old_password",
        "oldpassword",
    ]
)
NOT_TYPED = frozenset(["csrfmiddlewaretoken"])


@dataclass(frozen=True)
class KeptForm:
    """uid: in the address of its page. action, back: the paths that take the form and that it was
    on. fields: as urlencoded. until: seconds since the epoch."""

    uid: str
    action: str
    back: str
    fields: str
    lacks_secrets: bool
    until: float

    @property
    def words(self) -> str:
        """What it does."""
        return describe_form(self.action, QueryDict(self.fields))

    def list_fields(self) -> list[tuple[str, str]]:
        lists = QueryDict(self.fields).lists()
        return [(name, value) for name, values in lists for value in values]

    def list_typed_fields(self) -> list[tuple[str, str]]:
        """By their labels."""
        return list(list_typed_fields(QueryDict(self.fields)))


def keep_form(request: HttpRequest, *, back: str) -> KeptForm | None:
    """None if it had nothing but secrets, or is too long."""
    forget_kept_form(request)
    sent = request.POST.copy()
    for name in SECRET_FIELDS | NOT_TYPED:
        sent.pop(name, None)
    fields = sent.urlencode()
    lacks_secrets = not SECRET_FIELDS.isdisjoint(request.POST)
    if (lacks_secrets and not fields) or len(fields) > MAX_BYTES:
        return None
    until = time.time() + HOUR
    kept = KeptForm(str(uuid.uuid4()), request.get_full_path(), back, fields, lacks_secrets, until)
    request.session[KEY] = asdict(kept)
    return kept


def find_kept_form(request: HttpRequest, uid: uuid.UUID) -> KeptForm | None:
    """None if it is no longer kept."""
    forget_expired_form(request.session)
    kept = request.session.get(KEY)
    return KeptForm(**kept) if kept and kept.get("uid") == str(uid) else None


def find_interrupted_form(request: HttpRequest, *, following: str) -> KeptForm | None:
    """The one that is carried out, or offered again, by the path that follows on a confirmation."""
    forget_expired_form(request.session)
    kept = request.session.get(KEY)
    found = KeptForm(**kept) if kept else None
    if found is None:
        return None
    its = {found.action.partition("?")[0], reverse("kept_form", args=[found.uid])}
    return found if following in its else None


def forget_expired_form(session: SessionBase) -> None:
    kept = session.get(KEY)
    if kept and kept["until"] <= time.time():
        del session[KEY]


def forget_kept_form(request: HttpRequest) -> None:
    request.session.pop(KEY, None)


@receiver(user_logged_out)
def carry_form(request: HttpRequest, user: User | None, **_: Any) -> None:
    """Who confirms at a provider is signed out and in again by one request."""
    request.carried_form = (user, request.session.get(KEY))  # type: ignore[attr-defined]


@receiver(user_logged_in)
def restore_form(request: HttpRequest, user: User, **_: Any) -> None:
    owner, kept = getattr(request, "carried_form", (None, None))
    if kept and owner == user:
        request.session[KEY] = kept
