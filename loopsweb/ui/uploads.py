"""Rejects file uploads: no page accepts files."""

from __future__ import annotations

from typing import Any, NoReturn

from django.core.exceptions import TooManyFilesSent
from django.core.files.uploadhandler import FileUploadHandler


class NoUploads(FileUploadHandler):
    def new_file(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TooManyFilesSent("File uploads are not accepted.")
