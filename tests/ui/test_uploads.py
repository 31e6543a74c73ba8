from __future__ import annotations

import io

import pytest
from django.test import Client
from django.urls import reverse


@pytest.mark.django_db
def test_a_file_is_refused_on_a_plain_page(client: Client) -> None:
    file = io.BytesIO(b"x" * 30_000_000)
    file.name = "a.bin"
    answer = client.post(reverse("account_login"), {"login": "a@example.com", "file": file})
    assert answer.status_code == 400
    assert "loopsweb did not understand this request" in answer.content.decode()


@pytest.mark.django_db
def test_a_form_of_several_parts_without_files_is_read(client: Client) -> None:
    answer = client.post(reverse("account_login"), {"login": "a@example.com", "password": "x"})
    assert answer.status_code == 200
