"""Why nothing was sent, on the form that asked for it."""

from __future__ import annotations

from http import HTTPStatus

from django.forms import BaseForm

from loopsweb.audit.durable import NotRecorded
from loopsweb.keys.clients import KeyUnusable, NoKey


def add_refusal(form: BaseForm, error: NoKey | KeyUnusable | NotRecorded) -> HTTPStatus:
    """Returns the response's status."""
    form.add_error(None, str(error))
    is_outage = isinstance(error, NotRecorded)
    return HTTPStatus.SERVICE_UNAVAILABLE if is_outage else HTTPStatus.CONFLICT
