"""Requesting a clean-up, sending it in the background, and what becomes of each checkpoint."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loopsweb.accounts.models import User, Workspace
from loopsweb.audit.erasure import erase_person
from loopsweb.audit.models import Event
from loopsweb.resources.cleanups import dispatch
from loopsweb.resources.cleanups.models import OPEN, Cleanup, Removal, State
from loopsweb.resources.cleanups.transitions import move_to
from loopsweb.resources.deactivations.protections import Protection
from loopsweb.resources.models import Checkpoint, Run
from loopsweb.resources.snapshot.starts import record_start
from loopsweb.resources.worker.jobs import RemovalJob, find_control_jobs
from loopsweb.simulator import Simulator
from tests.failing_database import FAILURES
from tests.personas import login_as
from tests.resources.conftest import AddKey, Timeline
from tests.resources.rows import add_row

REASON = "disk is full"
Poll = Callable[..., int]


@pytest.fixture
def now() -> datetime:
    """Pages take the time of the machine."""
    return timezone.now()


@pytest.fixture
def saved(world: Simulator, acme: Workspace, add_key: AddKey, poll: Poll, clock: Timeline) -> Any:
    """Five checkpoints c0 (the oldest) to c4 of one run."""
    run = world.world.add_run(id="r")
    for number in range(5):
        world.world.add_checkpoint(
            run=run,
            id=f"c{number}",
            name=f"step-{number}",
            size_bytes=1000,
            created_at=clock() - timedelta(hours=9 - number),
        )
    add_key(shared=True)
    poll()
    world.requests.clear()
    return run


def submit(browser: Client, acme: Workspace, ids: list[str], **fields: Any) -> Any:
    form = {
        "newest": 2,
        "seen": json.dumps(ids),
        "once": str(uuid.uuid4()),
        "action": "delete",
        "reason": REASON,
        "typed": str(len(ids)),
    }
    return browser.post(reverse("cleanups:request", args=[acme.slug]), form | fields)


def work_off(clock: Timeline) -> int:
    """Run what the control lane would run now. Returns how many jobs that were."""
    clock.pass_(max(0.0, (timezone.now() - clock()).total_seconds()))
    jobs = [
        job
        for job in find_control_jobs(clock())
        if isinstance(job, RemovalJob) and job.claim(now=clock())
    ]
    for job in jobs:
        dispatch.work_on(job.removal.pk, clock=clock, due_at=job.removal.ask_at)
    return len(jobs)


def recorded(remote_id: str) -> list[str]:
    events = Event.objects.filter(target_noun="checkpoint", target_id=remote_id)
    return list(events.order_by("pk").values_list("outcome", flat=True))


def states() -> dict[str, str]:
    return dict(Removal.objects.values_list("remote_id", "state"))


def test_a_clean_up_is_recorded_first_and_sent_in_the_background(
    saved: Any, acme: Workspace, otto: User, world: Simulator, clock: Timeline
) -> None:
    browser = login_as(otto)
    plan = reverse("cleanups:plan", args=[acme.slug])
    page = browser.get(plan, {"newest": 2})
    seen = page.context["request_form"].initial["seen"]
    assert seen == ["c0", "c1", "c2"]

    answer = submit(browser, acme, seen)

    cleanup = Cleanup.objects.get()
    assert answer.headers["Location"] == cleanup.get_absolute_url()
    assert (list(world.requests), recorded("c0")) == ([], ["requested"])
    assert work_off(clock) == 3
    assert [(one.method, one.path) for one in world.requests] == [
        ("DELETE", f"/v1/loops/checkpoints/{one}") for one in seen
    ]
    assert states() == dict.fromkeys(seen, State.DONE)
    assert recorded("c1") == ["requested", "succeeded"]
    assert work_off(clock) == 0
    shown = browser.get(cleanup.get_absolute_url())
    assert (shown.context["settled"], shown.context["done"]) == (3, (3, 3000))
    assert "<h1>Clean-up: 3 of 3 closed</h1>" in shown.content.decode()
    checkpoints = Checkpoint.objects.filter(remote_id__in=seen).order_by("remote_id")
    names = [row.name for row in checkpoints]
    assert [row.name for row in shown.context["rows"]] == names

    tombstone = browser.get(reverse("checkpoints:detail", args=[acme.slug, "c0"])).content.decode()
    assert f"Deleted by {otto.email}" in tombstone
    assert "deleted" in browser.get(reverse("checkpoints:list", args=[acme.slug])).content.decode()


def test_the_mark_of_a_deletion_goes_when_the_api_lists_it_again(
    saved: Any, acme: Workspace, otto: User, world: Simulator, clock: Timeline, poll: Poll
) -> None:
    submit(login_as(otto), acme, ["c0"], typed="1")
    kept = world.world.checkpoints["c0"]
    work_off(clock)
    assert Checkpoint.objects.get(remote_id="c0").deleted_at == clock()

    poll(after=120)
    assert Checkpoint.objects.get(remote_id="c0").deleted_at is not None
    saved.checkpoints.append(kept)
    world.world.checkpoints["c0"] = kept
    poll(after=120)

    row = Checkpoint.objects.get(remote_id="c0")
    assert (row.deleted_at, row.missing_since) == (None, None)


def test_checkpoints_can_expire_instead(
    saved: Any, acme: Workspace, otto: User, world: Simulator, clock: Timeline
) -> None:
    Checkpoint.objects.filter(remote_id="c1").update(expires_at=clock() + timedelta(days=1))

    submit(login_as(otto), acme, ["c0", "c1"], action="expire", days="7")
    work_off(clock)

    [sent] = world.requests
    assert (sent.path, sent.parse_body()) == (
        "/v1/loops/checkpoints/c0/ttl",
        {"ttl_seconds": 604_800},
    )
    assert Cleanup.objects.get().left_out == [{"id": "c1", "why": "It expires sooner already."}]
    expires_at = Checkpoint.objects.get(remote_id="c0").expires_at
    assert expires_at is not None
    assert abs(expires_at - clock() - timedelta(days=7)) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("changed", "wrong"),
    [
        ({"typed": "2"}, "typed"),
        ({"reason": "…"}, "reason"),
        ({"action": "expire"}, "days"),
        ({"days": "3"}, "days"),
        ({"action": "burn"}, "action"),
        ({"seen": "[1"}, "seen"),
    ],
)
def test_wrong_input_is_told_at_the_field(
    saved: Any, acme: Workspace, otto: User, changed: dict[str, str], wrong: str
) -> None:
    page = submit(login_as(otto), acme, ["c0", "c1", "c2"], **changed)

    assert page.status_code == 422
    assert wrong in page.context["request_form"].errors
    assert (Removal.objects.count(), recorded("c0")) == (0, [])


def test_nobody_agrees_to_more_than_they_saw_or_the_rules_let_go(
    saved: Any, acme: Workspace, otto: User
) -> None:
    submit(login_as(otto), acme, ["c0", "c4", "other"])

    assert states() == {"c0": State.DUE}
    why = "It is no longer among those that the rules let go."
    assert Cleanup.objects.get().left_out == [{"id": one, "why": why} for one in ("c4", "other")]


def test_a_form_is_carried_out_once_and_a_checkpoint_is_in_one_clean_up(
    saved: Any, acme: Workspace, otto: User
) -> None:
    browser, once = login_as(otto), str(uuid.uuid4())
    submit(browser, acme, ["c0", "c1"], once=once)
    submit(browser, acme, ["c0", "c1"], once=once)
    assert Cleanup.objects.count() == 1

    submit(browser, acme, ["c1", "c2"])

    second = Cleanup.objects.first()
    assert second is not None
    assert [row.remote_id for row in second.rows.all()] == ["c2"]
    assert [each["id"] for each in second.left_out] == ["c1"]


def test_only_what_is_more_than_one_or_not_ones_own_is_typed(
    saved: Any, acme: Workspace, otto: User
) -> None:
    browser, plan = login_as(otto), reverse("cleanups:plan", args=[acme.slug])

    def is_typed() -> bool:
        form = browser.get(plan, {"newest": "0", "checkpoint": "c0"}).context["request_form"]
        return "typed" in form.fields

    assert is_typed()
    own = {"owner_email": otto.email}
    Run.objects.update(**own)
    assert not is_typed()
    record_start(acme, "run", "r2", "bt://loops:r/weights/step-0")
    add_row(Run, acme, "r2", status="INACTIVE")
    assert is_typed()


def test_what_is_pinned_meanwhile_is_not_sent(
    saved: Any, acme: Workspace, otto: User, world: Simulator, clock: Timeline
) -> None:
    submit(login_as(otto), acme, ["c0", "c1"])
    Protection.objects.create(workspace=acme, noun="checkpoint", remote_id="c0", since=clock())

    work_off(clock)

    assert [one.path for one in world.requests] == ["/v1/loops/checkpoints/c1"]
    assert states() == {"c0": State.WITHDRAWN, "c1": State.DONE}
    assert Removal.objects.get(remote_id="c0").answer == {"error": "It is kept now. Pinned."}
    assert recorded("c0") == ["requested", "withdrawn"]


def test_whoever_lost_the_right_deletes_nothing(
    saved: Any, acme: Workspace, otto: User, world: Simulator, clock: Timeline
) -> None:
    submit(login_as(otto), acme, ["c0", "c1"])
    acme.team.memberships.filter(user=otto).delete()

    work_off(clock)

    assert (list(world.requests), set(states().values())) == ([], {State.WITHDRAWN})


def test_the_rest_can_be_withdrawn(
    saved: Any, acme: Workspace, otto: User, world: Simulator, clock: Timeline
) -> None:
    browser = login_as(otto)
    submit(browser, acme, ["c0", "c1", "c2"])
    dispatch.work_on(Removal.objects.get(remote_id="c0").pk, clock=clock, due_at=clock())

    browser.post(reverse("cleanups:withdraw", args=[acme.slug, Cleanup.objects.get().uid]))

    assert work_off(clock) == 0
    assert states() == {"c0": State.DONE, "c1": State.WITHDRAWN, "c2": State.WITHDRAWN}
    assert recorded("c2") == ["requested", "withdrawn"]
    assert len(world.requests) == 1


@pytest.mark.parametrize(
    ("fault", "took_effect", "ends"),
    [
        ({"status": 409}, False, State.REFUSED),
        ({"status": 503}, False, State.REFUSED),
        ({"status": 503}, True, State.DONE),
    ],
)
def test_a_lost_answer_is_asked_about_and_never_sent_again(
    saved: Any,
    acme: Workspace,
    otto: User,
    world: Simulator,
    clock: Timeline,
    fault: dict[str, int],
    took_effect: bool,
    ends: str,
) -> None:
    submit(login_as(otto), acme, ["c0"], typed="1")
    world.add_fault("DELETE *", mode="status", **fault)
    work_off(clock)
    if took_effect:
        world.world.delete_checkpoint(world.world.checkpoints["c0"])
    for _ in range(6):
        clock.pass_(40)
        work_off(clock)

    assert states() == {"c0": ends}
    assert [one.method for one in world.requests].count("DELETE") == 1
    assert (Checkpoint.objects.get(remote_id="c0").deleted_at is not None) == took_effect


def test_a_process_that_died_while_it_sent_is_not_repeated(
    saved: Any, acme: Workspace, otto: User, world: Simulator, clock: Timeline
) -> None:
    submit(login_as(otto), acme, ["c0", "c1"])
    removal = Removal.objects.get(remote_id="c0")
    assert dispatch.mark_as_sent(removal, now=clock())

    for _ in range(8):
        clock.pass_(40)
        work_off(clock)

    assert [one.path for one in world.requests if one.method == "DELETE"] == [
        "/v1/loops/checkpoints/c1"
    ]
    assert states() == {"c0": State.REFUSED, "c1": State.DONE}
    assert recorded("c0") == ["requested", "unknown", "refused"]
    assert not move_to(removal, State.DONE, now=clock())


@pytest.mark.parametrize(
    "changed", [{"days": None}, {"person": "alice@example.com"}, {"rules": {"newest": 0}}]
)
def test_what_the_trail_has_otherwise_is_not_sent(
    saved: Any,
    acme: Workspace,
    alice: User,
    otto: User,
    world: Simulator,
    clock: Timeline,
    changed: dict[str, Any],
) -> None:
    submit(login_as(otto), acme, ["c0"], typed="1", action="expire", days="7")
    Cleanup.objects.update(**changed)

    work_off(clock)

    assert (list(world.requests), states()) == ([], {"c0": State.WITHDRAWN})


def test_what_vanished_instead_of_expiring_later_is_closed_with_what_the_api_said(
    saved: Any, acme: Workspace, otto: User, world: Simulator, clock: Timeline
) -> None:
    submit(login_as(otto), acme, ["c0"], typed="1", action="expire", days="7")
    world.add_fault("PUT *", mode="status", status=503)
    work_off(clock)
    world.world.delete_checkpoint(world.world.checkpoints["c0"])
    clock.pass_(40)
    work_off(clock)

    removal = Removal.objects.get()
    said = "The API no longer has it. Whether its expiry was set is not known."
    assert (removal.state, removal.answer) == (State.LOST, {"error": said})
    assert recorded("c0") == ["requested", "unknown", "unknown"]


def test_what_nobody_can_tell_for_a_day_is_closed_as_unknown(
    saved: Any, acme: Workspace, otto: User, world: Simulator, clock: Timeline
) -> None:
    submit(login_as(otto), acme, ["c0"])
    world.add_fault("DELETE *", mode="status", status=503)
    work_off(clock)
    world.add_fault("GET *", mode="status", status=503, count=None)
    for seconds in (40, 86_300, 301):
        clock.pass_(seconds)
        assert states() == {"c0": State.UNKNOWN}
        work_off(clock)

    assert (states(), recorded("c0")) == (
        {"c0": State.LOST},
        ["requested", "unknown", "unknown"],
    )
    removal = Removal.objects.get()
    assert (removal.state in OPEN, removal.ask_at) == (False, None)
    assert removal.answer == {
        "error": "The outcome could not be determined within a day. It may have been done."
    }
    page = login_as(otto).get(removal.cleanup.get_absolute_url()).content.decode()
    assert "No longer known" in page


@pytest.mark.parametrize("died", [False, True])
def test_what_nobody_asked_about_for_a_day_is_asked_about_again_before_it_is_closed(
    saved: Any, acme: Workspace, otto: User, world: Simulator, clock: Timeline, died: bool
) -> None:
    submit(login_as(otto), acme, ["c0"], typed="1")
    if died:
        assert dispatch.mark_as_sent(Removal.objects.get(), now=clock())
    else:
        world.add_fault("DELETE *", mode="status", status=503)
        work_off(clock)
    clock.pass_(25 * 3600)
    world.add_fault("GET *", mode="status", status=503, count=None)

    found = []
    for seconds in (0, 240, 61):
        clock.pass_(seconds)
        found.append((work_off(clock), states()["c0"]))

    assert found == [(1, State.UNKNOWN), (0, State.UNKNOWN), (1, State.LOST)]


def test_what_the_api_says_after_the_pause_counts(
    saved: Any, acme: Workspace, otto: User, world: Simulator, clock: Timeline
) -> None:
    submit(login_as(otto), acme, ["c0"], typed="1")
    dispatch.mark_as_sent(Removal.objects.get(), now=clock())
    clock.pass_(25 * 3600)
    world.add_fault("GET *", mode="status", status=503)
    for seconds in (0, 301):
        clock.pass_(seconds)
        work_off(clock)

    assert states() == {"c0": State.REFUSED}


def test_erasing_an_owner_takes_them_out_of_the_rules_and_widens_nothing(
    saved: Any, acme: Workspace, otto: User, world: Simulator, clock: Timeline
) -> None:
    Run.objects.update(owner_email="bo@example.com")
    submit(login_as(otto), acme, ["c0"], typed="1", owner="Bo@example.com")
    assert states() == {"c0": State.DUE}

    erase_person("bo@example.com", by="ops", reason="asked", now=clock())
    work_off(clock)

    assert "example.com" not in str(Cleanup.objects.get().rules)
    assert (list(world.requests), states()) == ([], {"c0": State.WITHDRAWN})


def test_a_viewer_may_look_but_not_touch(
    saved: Any, acme: Workspace, vic: User, world: Simulator
) -> None:
    page = login_as(vic).get(reverse("cleanups:plan", args=[acme.slug]), {"newest": 2})

    assert (page.status_code, page.context["request_form"]) == (200, None)
    assert submit(login_as(vic), acme, ["c0"]).status_code == 403
    assert Removal.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_nothing_is_requested_that_cannot_be_recorded(
    saved: Any, acme: Workspace, otto: User
) -> None:
    browser = login_as(otto)
    fails, _ = FAILURES["read-only"]
    with fails():
        status = submit(browser, acme, ["c0", "c1"]).status_code
    assert (status, Removal.objects.count()) == (503, 0)
