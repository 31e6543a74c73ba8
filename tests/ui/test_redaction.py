from __future__ import annotations

import json
import string
import time
from collections.abc import Callable
from secrets import token_urlsafe
from urllib.parse import quote_plus

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from loopsweb.json_api.tokens.models import PREFIX
from loopsweb.ui.redaction import REDACTED, redact

secrets = st.text(string.ascii_letters + string.digits + "-_.", max_size=60).map(
    lambda text: f"s3cr3t{text}"
)
surroundings = st.text(string.ascii_letters + " \n.,", max_size=20)


@pytest.mark.parametrize(
    "form",
    [
        "Authorization: Api-Key {}",
        "authorization: Bearer {}",
        '{{"Authorization": "Api-Key {}"}}',
        "[(b'Authorization', b'Api-Key {}')]",
        "headers={{'authorization': 'Bearer {}'}}",
        "Authorization={}",
        "key sent as Api-Key {}",
        "https://store/file?X-Amz-Signature={}&x=1",
        "https://store/file?x=1&X-Amz-Credential={}",
        "https://store/file?Signature={}",
        "https://store/file?sig={}",
        "https://store/file?token={}",
        "Cookie: theme=dark; sessionid={}; csrftoken={}",
        'Set-Cookie: sessionid="{}"; HttpOnly',
        "{{'csrftoken': '{}', 'sessionid': '{}'}}",
        "csrfmiddlewaretoken={}&reason=why",
        "postgres://loopsweb:{}@db.example.test:5432/loopsweb",
        "redis://:{}@cache/0",
        "https://alice:{}@tte@example.test",
        "GET /accounts/oidc/oidc/login/callback/?code={}&state={} 302",
        "code={}&client_secret={}&grant_type=authorization_code",
        "GET /accounts/login/?next=%2Fcallback%2F%3Fcode%3D{}%26state%3D{}",
        "?refresh_token={}&id_token={}",
        "LOOPSWEB_OIDC_CLIENT_SECRET={} SECRET_KEY={}",
        "EMAIL_HOST_PASSWORD={}",
        "<QueryDict: {{'password': ['{}'], 'oldpassword': [\"{}\"]}}>",
        '{{"api_key": ["{}"]}}',
        "password=['{}']",
        "KeyError: ('password', '{}')",
        "[(b'X-Api-Key', b'{}'), ('x-access-token', '{}')]",
        "body=password%3D{}%26reason%3Didle",
        "%7B%22api_key%22%3A%20%22{}%22%2C%22token%22%3A%22{}%22%7D",
        "sent Bearer%20{} and Api-Key+{}",
        "Authorization: ApiKey {}",
        "X-Api-Key: {} api-key={}",
        "Cookie: __Host-loopsweb_known_browser={}",
        "otp={}&recovery_code={}&passphrase={}",
        "code_verifier={}&client_assertion={}&id_token_hint={}",
        "loopsweb_demo_sessionid={}; __Host-loopsweb_csrftoken={}",
        "mysqldump --password {} --host x --client-secret '{}' --api-key \"{}\"",
        "pass={} DB_PASS={} 'pass': '{}'",
        '{{"\\u0070assword": "{}", "s\\u0065cret": "{}", "\\u0070\\u0061\\u0073s": "{}"}}',
        "next=%252Fcallback%253Fcode%253D{}%2526state%253D{}",
        "password%253D{}%2526token%25253D{}",
        "next=%2Fx%3Fpass%3D{}%26y%3D1 %3Fotp%3D{} next=%252Fx%253Fpass%253D{}",
        "redis://{}@cache/0 rediss://:{}@cache https://{}@host/x",
    ],
)
@given(secret=secrets, before=surroundings, after=surroundings)
def test_no_form_of_a_secret_survives(form: str, secret: str, before: str, after: str) -> None:
    line = f"{before} {form.format(*[secret] * 3)} {after}"
    assert "s3cr3t" not in redact(line)
    assert REDACTED in redact(line)


NAMES = [
    *(
        "api_key",
        "apiKey",
        "secret",
        "client_secret",
        "password",
        "oldpassword",
        "password1",
        "token",
    ),
    *("access_token", "refresh_token", "id_token", "csrftoken", "csrfmiddlewaretoken", "sessionid"),
    *("SECRET_KEY", "LOOPSWEB_SECRET_KEYS", "LOOPSWEB_AUDIT_KEY", "EMAIL_HOST_PASSWORD", "seed"),
]


@pytest.mark.parametrize("name", NAMES)
@given(rest=st.text(max_size=30), other=st.text(max_size=20), depth=st.integers(0, 2))
def test_no_secret_under_its_name_survives(name: str, rest: str, other: str, depth: int) -> None:
    """As JSON, in JSON inside of JSON, and as Python writes a dictionary."""
    assume("[redacted" not in rest)
    secret = f"s3cr3t{rest}s3cr3t"
    line = json.dumps({"other": other, name: secret, "more": other})
    for _ in range(depth if secret.isalnum() else min(depth, 1)):
        line = json.dumps({"body": line, "more": 1})
    assert "s3cr3t" not in redact(line)
    json.loads(redact(line))
    assert "s3cr3t" not in redact(f"{ {name: 's3cr3t and more'} } and {name}='s3cr3t, too'")


SPELLINGS = (
    '{{"{name}": "{secret}"}}', "{name}={secret}", "--{name} {secret}", "'{name}': '{secret}'",
    "{name}: {secret}", "redis://{secret}@h", "redis://:{secret}@h/0",
    "Bearer {secret}", "https://h/?{name}={secret}&x=1",
)  # fmt: skip


@given(
    name=st.sampled_from([*NAMES, "pass", "private-key", "client-secret"]),
    spelling=st.sampled_from(SPELLINGS),
    encodings=st.lists(st.sampled_from([quote_plus, json.dumps]), max_size=2),
    escaped=st.sets(st.integers(0, 20)),
    secret=secrets,
)
def test_no_spelling_of_a_secret_survives(
    name: str,
    spelling: str,
    encodings: list[Callable[[str], str]],
    escaped: set[int],
    secret: str,
) -> None:
    """Escapes of JSON in its names, and all of it encoded again, as JSON or for a URL."""
    if spelling.startswith("{{"):
        letters = [f"\\u{ord(x):04x}" if n in escaped else x for n, x in enumerate(name)]
        name = "".join(letters)
    line = spelling.format(name=name, secret=secret)
    for encode in encodings:
        line = encode(line)
    assert "s3cr3t" not in redact(line)


@pytest.mark.parametrize(
    "line",
    ['{"token": null, "seed": 7}', "page_token=100", "?page_token=7", "footprint=3", "hotpot: 3",
     "bypass=all", "compass: north", "a pass at it", "--password-file /x", "C:\\\\users"],
)  # fmt: skip
def test_what_is_no_secret_stays(line: str) -> None:
    assert redact(line) == line


def test_a_key_on_its_own_is_redacted() -> None:
    key = f"{'aB3' * 2}dE.{'x9Yz' * 8}"
    assert redact(f"tried {key}!") == f"tried {REDACTED}!"


def test_our_access_tokens_are_redacted() -> None:
    token = PREFIX + token_urlsafe(32)
    assert redact(f"tried {token}!") == f"tried {REDACTED}!"
    assert redact(f'{{"token":"{token}"}}') == f'{{"token":"{REDACTED}"}}'


def test_only_the_password_of_a_url_is_redacted() -> None:
    line = "postgres://loopsweb:pa:ss@w0rd@db:5432/x and http://host:8000/a@b"
    assert redact(line) == f"postgres://loopsweb:{REDACTED}@db:5432/x and http://host:8000/a@b"


@pytest.mark.parametrize(
    "part",
    ["://", "://a:", "://a:b", "a", ":", "@", "loopsweb_", "sessionid", "sessionid ", "csrftoken='",
     "authorization", "authorization ", "password=", "password='", "secret\\",
     'token": "', "('x-", "('x-password", "password%3D", "token%22%3A%22",
     "--password ", "--password", "pass=", "\\", "\\u0070", "%25", "password%25", "://a@", "--a-",
     "code=", "bearer", "bearer ", "?x-amz-", " sig", "/invitations/"],
)  # fmt: skip
def test_redaction_takes_linear_time(part: str) -> None:
    """The least of three measurements counts. No second one is needed if the first holds."""
    short, long = (part * (size // len(part)) for size in (20_000, 200_000))
    limit = 40 * min(measure_redaction(short) for _ in range(3)) + 0.05
    assert any(measure_redaction(long) < limit for _ in range(3))  # quadratic: a hundredfold


def measure_redaction(text: str) -> float:
    """Seconds of CPU."""
    started = time.process_time()
    redact(text)
    return time.process_time() - started


@pytest.mark.parametrize(
    "before",
    [
        "GET /accounts/invitations/",
        "GET /accounts/login/?next=/accounts/invitations/",
        "GET /accounts/login/?next=%2Faccounts%2Finvitations%2F",
        "http://loopsweb.example.com/accounts/password/reset/key/",
    ],
)
def test_links_that_grant_access_are_redacted(before: str) -> None:
    line = before + "1a-d5gk2m-0123456789abcdef_-0123456789abcdef"

    assert redact(f"{line}/ 200") == f"{before}{REDACTED}/ 200"
    assert redact(f'{{"path": "{line}"}}') == f'{{"path": "{before}{REDACTED}"}}'


def test_text_without_secrets_is_unchanged() -> None:
    line = "GET /w/acme/runs/?status=ACTIVE&sort=-created 200 in 0.012 s as alice@example.com"
    assert redact(line) == line


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=4))
@example({"a": "authorization"})
@example({"a": "password=", "b": "secret: "})
@example({"a": "token", "password": "", "b": "code="})
def test_redacted_json_stays_valid(record: dict[str, str]) -> None:
    line = json.dumps({**record, "authorization": "Api-Key abc.def"})
    assert json.loads(redact(line))["authorization"] == REDACTED
