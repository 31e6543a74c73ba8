from __future__ import annotations

import io

import pytest
from django.test import Client
from django.urls import reverse


@pytest.mark.django_db
def test_uploads_are_refused(client: Client) -> None:
    file = io.BytesIO(b"x" * 30_000_000)
    file.name = "a.bin"
    answer = client.post(reverse("account_login"), {"login": "a@example.com", "file": file})
    assert answer.status_code == 400
    assert "loopsweb did not understand this request" in answer.content.decode()


@pytest.mark.django_db
def test_a_multipart_form_without_files_is_accepted(client: Client) -> None:
    answer = client.post(reverse("account_login"), {"login": "a@example.com", "password": "x"})
    assert answer.status_code == 200
