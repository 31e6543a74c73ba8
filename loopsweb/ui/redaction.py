"""Removes secrets from text before it is logged or stored."""

from __future__ import annotations

import re

REDACTED = "[redacted]"

# A value ends at white space, a quote, a comma, a bracket or a backslash (so JSON stays JSON).
VALUE = r"[^\s\"'\\,;&<>(){}\[\]]+"
SCHEME = r"(?:api-key|bearer|basic|token)"

PATTERNS = (
    # Authorization: Api-Key …; "authorization": "Bearer …"; b'Authorization', b'…'
    re.compile(
        rf"(?i)(authorization[\\\"']*\s*[:=,]\s*(?:b(?=['\"]))?[\\\"']*)(?:{SCHEME}\s+)?{VALUE}"
    ),
    # Api-Key … and Bearer … anywhere
    re.compile(rf"(?i)(\b(?:api-key|bearer)[\s:=]+){VALUE}"),
    # presigned and other secret query parameters
    re.compile(
        r"(?i)([?&;\s\"'](?:x-amz-[a-z0-9-]+|x-goog-[a-z0-9-]+|signature|sig|se|sp|sv|token"
        r"|access_token|awsaccesskeyid|key-pair-id|policy|api_key|apikey|password|secret)=)"
        rf"{VALUE}"
    ),
    # links that grant access: invitations and password resets
    re.compile(
        r"(?i)((?:/|%2F)(?:invitations|password(?:/|%2F)reset(?:/|%2F)key)(?:/|%2F))"
        r"[A-Za-z0-9_-]{16,}"
    ),
    # session and CSRF cookies, in a header, a form or a dictionary
    re.compile(rf"(?i)((?:sessionid|csrf(?:middleware)?token)[\\\"']*\s*[:=]\s*[\\\"']*){VALUE}"),
    # scheme://user:password@host; stops at the next slash, to stay linear
    re.compile(r"(://[^\s/:@\"'\\<>]*:)[^\s/\"'\\<>]+(?=@)"),
    # loopsweb's access tokens
    re.compile(r"()loopsweb_[A-Za-z0-9_-]{43,}"),
    # a Baseten key standing alone: eight characters, a dot, thirty-two characters
    re.compile(r"()\b[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}\b"),
)


def redact(text: str) -> str:
    """Replace API keys, access tokens, authorization values, cookies, passwords in URLs and signed
    query parameters. Takes time linear in the length of `text`."""
    for pattern in PATTERNS:
        text = pattern.sub(rf"\g<1>{REDACTED}", text)
    return text
