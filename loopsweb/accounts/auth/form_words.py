"""What a submitted form does, in words, and its fields, as a page of ours names them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.http import QueryDict
from django.urls import Resolver404, resolve

# By the name of the URL that takes the form. {…}: a part of its path, or a field.
WORDS = {
    "account_set_password": "Set a password",
    "checkpoints:deploy": "Deploy checkpoint {remote_id}",
    "checkpoints:expiry": "Set the expiry of checkpoint {remote_id}",
    "cleanups:pin": "Change the pin of checkpoint {remote_id}",
    "deactivations:approval": "Approve a deactivation",
    "deactivations:bulk": "Deactivate the selected {kind} ({number})",
    "deactivations:new": "Deactivate {remote_id}",
    "deactivations:protection": "Change the protection of {remote_id}",
    "deactivations:refusal": "Decline a deactivation",
    "end_other_sessions": "End all other sessions",
    "end_session": "End a session",
    "keys:add": "Add API key {name}",
    "keys:list": "Add API key {name}",
    "keys:remove": "Remove an API key",
    "keys:replace": "Replace an API key",
    "keys:share": "Change who may use an API key",
    "mfa_activate_totp": "Set up an authenticator app",
    "mfa_add_webauthn": "Add a security key",
    "mfa_deactivate_totp": "Remove the authenticator app",
    "mfa_generate_recovery_codes": "Make new recovery codes",
    "policy:edit": "Change the policy of deactivations",
    "rates": "Change the rates",
    "runs:create": "Create a run of {base_model}",
    "samplers:create": "Create a sampler of {base_model}",
    "sessions:create": "Create a session",
    "sessions:enter": "Add session {session_id}",
    "team_tokens:revoke": "Revoke an access token",
    "teams:accept_offer": "Accept the invitation to a team",
    "teams:add_member": "Add {email} to the team",
    "teams:add_workspace": "Add workspace {name}",
    "teams:change_role": "Change a member's role to {role}",
    "teams:create": "Create team {name}",
    "teams:decline_offer": "Decline the invitation to a team",
    "teams:end_session": "End a member's session",
    "teams:invite": "Invite {email} to the team",
    "teams:leave": "Leave the team",
    "teams:policy": "Change the team's rules for signing in",
    "teams:remove_member": "Remove a member from the team",
    "teams:rename": "Rename the team to {name}",
    "teams:revoke_invitation": "Revoke an invitation",
    "teams:revoke_links": "Revoke everybody's links",
    "teams:revoke_own_links": "Revoke your links",
    "tokens:make": "Create access token {name}",
    "tokens:revoke": "Revoke an access token",
}
OF_CLEANUPS = {
    "delete": "Delete {number} checkpoint{s}",
    "expire": "Set an expiry on {number} checkpoint{s}",
}
ACRONYMS = {"api": "API", "id": "ID", "ttl": "TTL", "uri": "URI", "url": "URL"}
UNSEEN = frozenset({"foreseen", "id", "marks", "once", "seen", "seen_now", "wanted"})
UNSEEN |= {"break_glass", "once_synced", "protect"}  # what a button or a hidden field says


def describe_form(path: str, sent: QueryDict) -> str:
    """As "Rename the team to Loops". path: the one that takes the form."""
    try:
        match = resolve(path.partition("?")[0])
    except Resolver404:
        return "Send the form"
    parts = {name: str(getattr(part, "plural", part)) for name, part in match.kwargs.items()}
    named = {name: value for name in sent if (value := str(sent.get(name) or ""))}
    named["number"] = str(len(sent.getlist("id")))
    if match.view_name == "cleanups:request":
        return describe_cleanup(named)
    if match.view_name == "deactivations:new" and "break_glass" in sent:
        return f"Break the glass and deactivate {parts['remote_id']}"
    if match.app_names[:1] == ["admin"]:
        return "Carry out the change in the administration"
    words = WORDS.get(match.view_name, "Send the form")
    try:
        return words.format_map(named | parts)
    except KeyError:  # it lacks what the words name
        return words.partition(" {")[0]


def describe_cleanup(sent: dict[str, str]) -> str:
    try:
        seen = json.loads(sent.get("seen", ""))
    except (ValueError, RecursionError):
        seen = []
    number = len(seen) if isinstance(seen, list) else 0
    words = OF_CLEANUPS.get(sent.get("action", ""), "Clean up {number} checkpoint{s}")
    return words.format(number=f"{number:,}", s="" if number == 1 else "s")


def list_typed_fields(sent: QueryDict) -> Iterator[tuple[str, str]]:
    """The label and value of each field that somebody filled in."""
    for name, values in sent.lists():
        if name not in UNSEEN:
            for value in filter(None, values):
                yield label_field(name), "yes" if value == "on" else value


def label_field(name: str) -> str:
    first, *rest = (ACRONYMS.get(word, word) for word in name.split("_"))
    return " ".join([first if first.isupper() else first.capitalize(), *rest])
