"""Puts an error of the API at the field that it is about, or on the form."""

from __future__ import annotations

import re
from http import HTTPStatus

from loopsweb.loops_api import errors
from loopsweb.resources.pages.creation_form import CreationForm

MAY_BE_CREATED = (
    "The request may have arrived, so it may have been created. "
    "Check the list before you submit it again."
)
UNKNOWN_FIELD = re.compile(
    r"extra|unknown|unexpected|unrecogni[sz]ed|not (permitted|supported)", re.IGNORECASE
)


def add_api_error(form: CreationForm, error: errors.LoopsError) -> HTTPStatus:
    """Show the API's error and allow another try. Returns the response's status."""
    form.renew_idempotency_key()
    if isinstance(error, errors.BadRequest | errors.NotFound | errors.Conflict):
        for name, message in place_messages(form, error).items():
            if name in form.undocumented_fields and UNKNOWN_FIELD.search(message):
                form.add_error(name, f"Not offered by this server: {message}")
            else:
                form.add_error(name or None, f"The Loops API refused the request: {message}")
    else:
        form.add_error(None, error.plain)
    if not error.may_have_been_received:
        return HTTPStatus.UNPROCESSABLE_ENTITY
    form.add_error(None, MAY_BE_CREATED)
    return HTTPStatus.BAD_GATEWAY


def place_messages(form: CreationForm, error: errors.StatusError) -> dict[str, str]:
    """{field: message}; "" for the whole form. A message that names exactly one field of the form,
    or else quotes what exactly one holds, is about it."""
    if error.fields:
        placed = {name: said for name, said in error.fields.items() if name in form.fields}
        others = [f"{name}: {said}" for name, said in error.fields.items() if name not in placed]
        return placed | ({"": ". ".join(others)} if others else {})
    named = [name for name in form.fields if is_named(name, error.message)] or [
        name for name in form.fields if is_quoted(form[name].value(), error.message)
    ]
    return {named[0] if len(named) == 1 else "": error.message}


def is_quoted(value: object, message: str) -> bool:
    return bool(value) and any(f"{mark}{value}{mark}" in message for mark in "'\"`")


def is_named(name: str, message: str) -> bool:
    """Words such as "name" count only where they stand as a field: first, quoted or in a list at
    the end."""
    word = re.escape(name)
    if "_" in name:
        return re.search(rf"\b{word}\b", message) is not None
    places = (rf"^{word}\b", rf"['\"`]{word}['\"`]", rf":([\w, ]*\b)?{word}\.?$")
    return any(re.search(place, message) for place in places)
