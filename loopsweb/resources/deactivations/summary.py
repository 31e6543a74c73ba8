"""What a record says in one sentence: who ended what, what that was worth, and how it went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from loopsweb.audit.models import Event
from loopsweb.resources.deactivations.models import Batch, Deactivation
from loopsweb.resources.deactivations.preflight import Facts
from loopsweb.resources.deactivations.states import STATES, State
from loopsweb.resources.deployments.run_pairing import SERVERLESS, TRAINER_ONLY
from loopsweb.resources.pages.idleness import IDLE_FROM, compute_cost
from loopsweb.ui.templatetags.ui import span
from loopsweb.ui.timestamps import format_minute

ERASED = "somebody whose name was erased"
MAX_NAMED = 3
MAX_REASON = 160


def summarize(row: Deactivation, *, events: Sequence[Event]) -> SafeString:
    """events: those of its incident, oldest first."""
    spec = STATES[State(row.state)]
    who = row.person or ERASED
    target = format_html('<span class="id">{}</span>', row.target_remote_id)
    whose = f" ({row.target_owner}'s)" if row.target_owner else ""
    approved = f", approved by {row.approver}" if row.approver else ""
    glass = "broke the glass and " if row.broke_glass else ""
    opening = format_html(
        "{} {}{} {}{}{}", capitalize(who), glass, spec.verb, target, whose, approved
    )
    reason = Truncator(row.reason.strip()).chars(MAX_REASON)
    because = format_html('because <q dir="auto">{}</q>', reason) if reason else ""
    facts = row.preflight
    kept = [describe_checkpoints(row), describe_unsaved_work(facts)]
    known = [describe_figures(facts), describe_idleness(facts), *kept, because]
    parts = [*(part for part in known if part), describe_result(row, events=events)]
    sentence = opening
    for before, part in zip([": ", *["; "] * len(parts)], parts, strict=False):
        sentence = format_html("{}{}{}", sentence, before, part)
    return format_html("{}.", sentence)


def capitalize(who: str) -> str:
    """Emails stay as they are."""
    return who if "@" in who else who[:1].upper() + who[1:]


def describe_figures(facts: Facts) -> str:
    """ "" where nothing was kept of them, as in requests of old."""
    if not facts:
        return ""
    if facts["gpus_of"] == SERVERLESS:
        return "serverless, without GPUs of its own"
    gpus, usd = facts["gpus"], facts["usd_per_hour"]
    unit = facts["gpu_type"] or ("GPU" if gpus == 1 else "GPUs")
    held = "GPUs unknown" if gpus is None else f"{gpus} {unit}{note_trainer(facts['gpus_of'])}"
    if usd is None:
        return f"{held}, cost unknown"
    source = f", by {facts['cost_source']}" if facts["cost_source"] else ""
    return f"{held}, {format_usd(Decimal(usd))} an hour{note_trainer(facts['cost_of'])}{source}"


def describe_idleness(facts: Facts) -> str:
    """How long it had been idle, and what that cost; "" where that is unknown or hardly any."""
    time = timedelta(seconds=facts.get("idle_seconds") or 0)
    if time < IDLE_FROM:
        return ""
    cost = compute_cost(Decimal(facts["usd_per_hour"] or 0), time)
    meanwhile = f", {format_usd(round(cost, 2))} meanwhile" if cost else ""
    return f"idle for {span(time)}{meanwhile}"


def note_trainer(of: str) -> str:
    return " (trainer only)" if of == TRAINER_ONLY else ""


def format_usd(amount: Decimal) -> str:
    return f"${amount:,.0f}" if amount == amount.to_integral() else f"${amount:,.2f}"


def describe_checkpoints(row: Deactivation) -> str:
    """Which checkpoints there were; "" of what has none, or where nothing was kept of them."""
    facts = row.preflight
    if not facts or row.noun == "sampler":
        return ""
    if not facts["runs"]:
        return "its latest run had ended" if facts.get("ended_runs") else "its runs unknown"
    words = {"": "of unknown sync status", "SYNCING": "still syncing"}
    words["COMPLETE"] = "kept" if row.state == State.CONFIRMED else "saved"
    shown = facts["checkpoints"]
    lines = []
    for status in dict.fromkeys(each["sync_status"] for each in reversed(shown)):
        alike = [each for each in shown if each["sync_status"] == status]
        number = facts["syncing"] if status == "SYNCING" else len(alike)
        lines.append(name_checkpoints(alike, number, words.get(status, status)))
    trained = {each["run"] for each in shown if each["sync_status"] != "SYNCING"}
    unsaved = facts["runs_in_all"] - len(trained)
    if any(each["name"] == "untrained" for each in facts.get("warnings", ())):
        lines.append("nothing trained yet, as far as was known")
    elif unsaved > 0 and not facts["checkpoints_left_out"]:
        runs = "" if facts["runs_in_all"] == 1 else f" of {unsaved} of {facts['runs_in_all']} runs"
        lines.insert(0, f"no saved trainer checkpoint known{runs}")
    inferred = " (runs inferred)" if facts["is_inferred"] else ""
    return ", ".join(lines) + inferred


def name_checkpoints(found: Iterable[Facts], number: int, what: str) -> str:
    """Both targets of one name are named once."""
    names = list(dict.fromkeys(each["name"] or each["id"] for each in found))
    if len(names) > MAX_NAMED:
        return f"{number} checkpoints {what}"
    return f"{' and '.join(names)} {what}"


def describe_unsaved_work(facts: Facts) -> str:
    """How long GPUs worked after the newest trainer checkpoint; "" where that is unknown."""
    for run in facts.get("runs", ()):
        seconds = run.get("worked_after_newest")
        if seconds:
            time = span(timedelta(seconds=seconds))
            if run["works_after_newest"]:
                return f"GPU work since {run['newest']} not saved, {time} so far"
            return f"GPU work up to {time} after {run['newest']} not saved"
        if seconds == 0:
            return f"no GPU work known after {run['newest']}"
    return ""


def has_unsaved_work(facts: Facts) -> bool:
    return any(run.get("worked_after_newest") for run in facts.get("runs", ()))


def describe_result(row: Deactivation, *, events: Sequence[Event]) -> str:
    """How it went, or how it stands."""
    spec, answer = STATES[State(row.state)], row.answer or {}
    decided = [event for event in events if event.outcome == spec.outcome]
    by = decided[-1].person or (ERASED if decided[-1].role else "loopsweb") if decided else ERASED
    note = decided[-1].reason if decided and decided[-1].reason != row.reason else ""
    why = answer.get("said") or answer.get("error") or answer.get("status") or note
    result = spec.result.format(
        why=why.strip().removesuffix("."),
        by="the requester" if by == row.person else by,
        until=row.waits_until and format_minute(row.waits_until),
        later=span(row.state_since - (row.sent_at or row.requested_at)),
    )
    return result.removesuffix(": ")


@dataclass(frozen=True)
class Total:
    """Of `number` requests: GPUs and USD per hour, as far as they are known; of how many of them
    they are not."""

    number: int = 0
    gpus: int = 0
    usd_per_hour: Decimal = Decimal(0)
    gpus_unknown: int = 0
    cost_unknown: int = 0

    def __str__(self) -> str:
        gpus = describe_sum(f"{self.gpus} GPU{'' if self.gpus == 1 else 's'}", self, "gpus_unknown")
        usd = describe_sum(f"{format_usd(self.usd_per_hour)} an hour", self, "cost_unknown")
        return f"{gpus}, {usd}"


def describe_sum(known: str, total: Total, unknown: str) -> str:
    missing = getattr(total, unknown)
    if missing and missing == total.number:
        return "GPUs unknown" if unknown == "gpus_unknown" else "cost unknown"
    return f"{known} ({missing} of {total.number} unknown)" if missing else known


def add_up(rows: Iterable[Deactivation]) -> Total:
    """As of when each was requested, or approved."""
    facts = [row.preflight for row in rows]
    gpus = [each.get("gpus") for each in facts]
    costs = [each.get("usd_per_hour") for each in facts]
    return Total(
        number=len(facts),
        gpus=sum(each or 0 for each in gpus),
        usd_per_hour=sum((Decimal(each or 0) for each in costs), Decimal(0)),
        gpus_unknown=gpus.count(None),
        cost_unknown=costs.count(None),
    )


def summarize_batch(batch: Batch, rows: Sequence[Deactivation]) -> SafeString:
    """Who asked to end how many, and how it went with each, those stopped first."""
    many = f"{len(rows)} {batch.noun}{'' if len(rows) == 1 else 's'}"
    worth = f" ({add_up(rows)})" if rows else ""
    opening = f"{capitalize(batch.person or ERASED)} asked to stop {many}{worth}"
    stopped = [row for row in rows if row.state == State.CONFIRMED]
    parts = [f"{len(stopped)} confirmed stopped ({add_up(stopped)})" if stopped else "none stopped"]
    others = Counter(row.spec.label_within_sentence for row in rows if row.state != State.CONFIRMED)
    parts += [f"{number} {label}" for label, number in others.items()]
    parts += [f"{len(batch.left_out)} left out"] if batch.left_out else []
    sentence = format_html("{}: {}", opening, ", ".join(parts))
    if lost := sum(has_unsaved_work(row.preflight) for row in rows):
        sentence = format_html(
            "{}; GPU work of {} after their newest trainer checkpoint not saved", sentence, lost
        )
    if batch.reason:
        reason = Truncator(batch.reason.strip()).chars(MAX_REASON)
        sentence = format_html('{}; because <q dir="auto">{}</q>', sentence, reason)
    return format_html("{}.", sentence)
