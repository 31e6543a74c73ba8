from __future__ import annotations

import pytest

from loopsweb.serving.ports import CannotListen, address, listen


def test_whoever_comes_second_is_told() -> None:
    with listen(host="127.0.0.1", port=0) as first:
        port = first.getsockname()[1]
        with pytest.raises(CannotListen) as refused:
            listen(host="127.0.0.1", port=port)
    assert str(refused.value) == f"Port {port} on 127.0.0.1 is taken by another program."


def test_a_host_of_another_machine_is_told() -> None:
    with pytest.raises(CannotListen) as refused:
        listen(host="192.0.2.1", port=8000)
    assert str(refused.value).startswith("Cannot listen on 192.0.2.1 port 8000: ")


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104
        ("::1", "http://[::1]:8000"),
        ("loops.example.com", "http://loops.example.com:8000"),
    ],
)
def test_the_address_is_one_to_open(host: str, shown: str) -> None:
    assert address(host=host, port=8000) == shown
