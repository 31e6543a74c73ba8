"""Removes secrets from text before it is logged or stored."""

from __future__ import annotations

import re

REDACTED = "[redacted]"

# A value ends at white space, a quote, a comma, a bracket or a backslash (so JSON stays JSON).
CHARACTER = r"[^\s\"'\\,;&<>(){}\[\]]"
VALUE = rf"{CHARACTER}+"
SCHEME = r"(?:api-?key|bearer|basic|token)"
# Where a word begins: after no letter, unless it is the last of %3F.
START = r"(?:(?<![a-z])|(?<=[0-9][a-f]))"
# Names of secrets, at the end of longer ones too: LOOPSWEB_OIDC_CLIENT_SECRET, "new_password".
NAME = (
    rf"(?=[pstackor])(?:pass(?:word|wd|phrase)[12]?|{START}pass|pwd|secret(?:[_-]keys?)?"
    r"|(?<!page[_-])token(?:[_-]hint)?|api[_-]?key|private[_-]key|audit[_-]key|seed|credentials?|sessionid|known_browser|code[_-]verifier"
    rf"|client[_-]assertion|recovery[_-]codes?|{START}otp)"
)
# %3D, also when it was encoded again: %253D.
PERCENT = r"%(?:25){0,4}"
SLASH = rf"(?:/|{PERCENT}2F)"
ENCODED_QUOTE = rf"(?:(?:{PERCENT}5C){{0,3}}{PERCENT}2[27])?"
AUTHORITY = rf"(?:://|{PERCENT}3A{PERCENT}2F{PERCENT}2F)"
# A quoted value ends at the quote that it began with, which JSON inside of JSON escapes.
QUOTE = r"(?P<{0}>(?P<{0}_deep>\\{{1,3}})?[\"'])(?P<{0}_value>)"
QUOTED = r"(?:(?!(?P={0}))(?:(?({0}_deep)\\\\..|(?!))|\\.|[^\\]))*(?=(?P={0}))"
NAMED = re.compile(
    rf"(?is){NAME}(?:"
    # "password": "…" and "password": ["…"]
    rf"\\{{0,3}}[\"']\s*:\s*\[?b?{QUOTE.format('a')}{QUOTED.format('a')}"
    # password="…", unless the quote ends a text that ends in the name
    rf"|\s*[:=]\s*\[?b?{QUOTE.format('b')}(?![\s,:}}\]]){QUOTED.format('b')}"
    # password=… and what is cut off within a quoted value
    r"|(?:\\{0,3}[\"'])?\s*[:=]\s*(?:b?\\{0,3}[\"'](?!\s*[:,}\]]))?(?P<value>)"
    rf"(?!(?:null|true|false|-?\d+)(?![^\s,}}\]])){VALUE})"
)

# Letters, digits, _ and - that JSON escapes without need: \u0070assword.
ESCAPED = re.compile(
    rf"(?i)(?:(?<!\\)\\{{1,7}}|(?:{PERCENT}5C){{1,7}})u00"
    r"(2d|3[0-9]|[46][1-9a-f]|[57][0-9a]|5f)"
)
PARAMETERS = (
    r"(?:x-amz-[a-z0-9-]+|x-goog-[a-z0-9-]+|signature|sig|se|sp|sv|awsaccesskeyid|key-pair-id|policy"
    r"|code|state|session_state|nonce)"
)

PATTERNS = (
    # ('X-Api-Key', '…'), as headers and the arguments of exceptions are written
    re.compile(rf"(?i)([(\[]b?['\"](?:[a-z]+[-_]){{0,3}}{NAME}['\"],\s*b?['\"])[^'\"\\]+"),
    # password%3D… and %22password%22%3A%22…
    re.compile(
        rf"(?i)({NAME}{ENCODED_QUOTE}{PERCENT}3[AD](?:{PERCENT}2[0B]|\+)*{ENCODED_QUOTE})"
        rf"(?:(?!{PERCENT}2[267C]){CHARACTER})+"
    ),
    # Authorization: Api-Key …; "authorization": "Bearer …"
    re.compile(
        rf"(?i)(authorization[\\\"']*\s*[:=]\s*(?:b(?=['\"]))?[\\\"']*)(?:{SCHEME}\s+)?{VALUE}"
    ),
    # (b'Authorization', b'…')
    re.compile(rf"(?i)(\(b?['\"]authorization['\"],\s*b?['\"])(?:{SCHEME}\s+)?{VALUE}"),
    # Api-Key … and Bearer … anywhere
    re.compile(
        rf"(?i)((?:\b|{PERCENT}[0-9a-f]{{2}})(?:api-key|bearer)(?:[\s:=+]|{PERCENT}2[0B])+){VALUE}"
    ),
    # --password …, as commands are written
    re.compile(
        rf"(?i)(--[a-z_-]{{0,40}}?{NAME}(?:[ \t+]|{PERCENT}2[0B]){{1,9}}"
        rf"(?:\\{{0,3}}[\"'])?)(?![-:,}}\]]){VALUE}"
    ),
    # presigned and other secret query parameters, also in an address that is itself a parameter
    re.compile(
        rf"(?i)((?:^|[?&;\s\"']|{PERCENT}3F|{PERCENT}26)"
        rf"{PARAMETERS}(?:=|{PERCENT}3D)){VALUE}"
    ),
    # links that grant access: invitations and password resets
    re.compile(
        rf"(?i)({SLASH}(?:invitations|password{SLASH}reset{SLASH}key){SLASH})"
        r"[A-Za-z0-9_-]{16,}"
    ),
    # links to files of checkpoints
    re.compile(r"(?i)((?:/|%2F)downloads(?:/|%2F))[A-Za-z0-9_:%-]{16,}"),
    # scheme://user:password@host; stops at the next slash, to stay linear
    re.compile(
        rf"(?i)({AUTHORITY}[^\s/:@%\"'\\<>]*(?::|{PERCENT}3A))[^\s/\"'\\<>]+(?=@|{PERCENT}40)"
    ),
    # scheme://secret@host
    re.compile(rf"(?i)({AUTHORITY})[^\s/:@?#\"'\\<>]+(?=@|{PERCENT}40)"),
    # loopsweb's access tokens
    re.compile(r"()loopsweb_[A-Za-z0-9_-]{43,}"),
    # a Baseten key standing alone: eight characters, a dot, thirty-two characters
    re.compile(r"()\b[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}\b"),
)


def redact(text: str) -> str:
    """Replace API keys, access tokens, authorization values, cookies, passwords in URLs and signed
    query parameters; undo needless escapes. Takes time linear in the length of `text`."""
    text = ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    text = NAMED.sub(keep_name, text)
    for pattern in PATTERNS:
        text = pattern.sub(rf"\g<1>{REDACTED}", text)
    return text


def keep_name(found: re.Match[str]) -> str:
    """The match with REDACTED for the value, which begins where the last group matched."""
    return found.string[found.start() : found.start(found.lastindex or 0)] + REDACTED
