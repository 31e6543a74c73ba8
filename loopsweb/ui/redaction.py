"""The one redactor: what must never be read by anyone is blanked here, wherever it would appear."""

from __future__ import annotations

import re

BLANK = "[redacted]"

# A value ends at white space, a quote, a comma, a bracket or a backslash (so JSON stays JSON).
VALUE = r"[^\s\"'\\,;&<>(){}\[\]]+"
SCHEME = r"(?:api-key|bearer|basic|token)"

PATTERNS = (
    # Authorization: Api-Key …; "authorization": "Bearer …"; b'Authorization', b'…'
    re.compile(
        rf"(?i)(authorization[\\\"']*\s*[:=,]\s*(?:b(?=['\"]))?[\\\"']*)(?:{SCHEME}\s+)?{VALUE}"
    ),
    # Api-Key … and Bearer … wherever they stand
    re.compile(rf"(?i)(\b(?:api-key|bearer)[\s:=]+){VALUE}"),
    # presigned query parameters, and the like in any query
    re.compile(
        r"(?i)([?&;\s\"'](?:x-amz-[a-z0-9-]+|x-goog-[a-z0-9-]+|signature|sig|se|sp|sv|token"
        r"|access_token|awsaccesskeyid|key-pair-id|policy|api_key|apikey|password|secret)=)"
        rf"{VALUE}"
    ),
    # links that are as good as a password: an invitation's, and a password reset's
    re.compile(
        r"(?i)((?:/|%2F)(?:invitations|password(?:/|%2F)reset(?:/|%2F)key)(?:/|%2F))"
        r"[A-Za-z0-9_-]{16,}"
    ),
    # cookies as good as a password, in a header, a form or a dictionary
    re.compile(rf"(?i)((?:sessionid|csrf(?:middleware)?token)[\\\"']*\s*[:=]\s*[\\\"']*){VALUE}"),
    # scheme://user:password@host; it looks no further than the next slash, so it takes no longer
    re.compile(r"(://[^\s/:@\"'\\<>]*:)[^\s/\"'\\<>]+(?=@)"),
    # our own access tokens
    re.compile(r"()loopsweb_[A-Za-z0-9_-]{43,}"),
    # a Baseten key standing alone: eight characters, a dot, thirty-two characters
    re.compile(r"()\b[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}\b"),
)


def redact(text: str) -> str:
    """`text` with API keys, access tokens, authorization values, cookies, passwords in URLs and
    signed query parameters blanked, in time that grows with its length alone."""
    for pattern in PATTERNS:
        text = pattern.sub(rf"\g<1>{BLANK}", text)
    return text
