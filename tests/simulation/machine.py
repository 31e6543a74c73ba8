"""What may happen in a simulation, in any order."""

from __future__ import annotations

import functools
import sys
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.simulation.api_faults import DEACTIVATE, FAULTS, LOST_ANSWERS, ROUTES
from tests.simulation.disruptions import Disruption, Place, kill
from tests.simulation.organisation import ENDS, Organisation
from tests.simulation.people import People
from tests.simulation.recovery import recover
from tests.simulation.simulation import Simulation

verbs = st.sampled_from(["approve", "approve", "withdraw", "decline"])
DUE_AFTER = 72  # seconds: then each key is due that nothing is wrong with
TOO_LATE = 24  # seconds: then what nothing is wrong with has been sent
number = st.integers(0, 7)
ends = st.sampled_from(ENDS)
workers = st.sampled_from([(0,), (1,), (0, 1), (1, 0)])
words = st.sampled_from(["whole", "whole", "second", "own", "other"])


class Machine(RuleBasedStateMachine):
    steps = 0
    is_checked = False  # what was done last may change what pages show

    @initialize(
        seed=st.integers(1, 9),
        stopping_seconds=st.sampled_from([0, 40]),
        undo_seconds=st.sampled_from([0, 10, 10]),
        approve_others=st.sampled_from([True, True, False]),
        runs=st.integers(2, 3),
    )
    def begin(self, *, seed: int, stopping_seconds: int, runs: int, **policy: Any) -> None:
        self.seed, self.stopping_seconds, self.runs = seed, stopping_seconds, runs
        self.policy = policy

    @functools.cached_property
    def simulation(self) -> Simulation:
        simulation = Simulation(seed=self.seed, stopping_seconds=self.stopping_seconds)
        simulation.people.set_policy(**self.policy)
        for each in range(self.runs):
            simulation.organisation.add_run(each)
        for word in ("whole", "own", "other"):
            simulation.people.add_key(word)
        simulation.work_for(4, worker_numbers=(0,))
        return simulation

    @property
    def has_begun(self) -> bool:
        return "simulation" in vars(self)

    @property
    def organisation(self) -> Organisation:
        return self.simulation.organisation

    @property
    def people(self) -> People:
        return self.simulation.people

    @rule()
    def mend_api(self) -> None:
        """First in the order of hypothesis, whose first example has nothing else."""
        if self.has_begun:
            self.simulation.simulator.clear_faults()

    @rule(seconds=st.sampled_from([5, 31, 130, 700]))
    def pass_time(self, seconds: int) -> None:
        self.simulation.clock.pass_(seconds)

    @rule(which=st.integers(0, 1), seconds=st.sampled_from([0, 6, 31, DUE_AFTER]))
    def work(self, which: int, seconds: int) -> None:
        self.is_checked = False
        self.simulation.clock.pass_(seconds)
        self.simulation.workers[which].work()

    @rule(seconds=st.sampled_from([12, 24]), which=workers)
    def work_for(self, seconds: int, which: tuple[int, ...]) -> None:
        self.is_checked = False
        self.simulation.work_for(seconds, worker_numbers=which)

    @rule(which=st.integers(0, 1), seconds=st.sampled_from([0, DUE_AFTER]))
    def find_the_same(self, which: int, seconds: int) -> None:
        self.is_checked = False
        self.simulation.clock.pass_(seconds)
        self.simulation.let_other_first = True
        self.simulation.workers[which].work()

    @rule(which=st.integers(0, 1), seconds=st.sampled_from([20, 25]), ends=number, how=ends)
    def poll_slowly(self, which: int, seconds: int, ends: int, how: str) -> None:
        """Something ends while the answer is awaited."""
        self.is_checked = False
        self.organisation.end_later(ends, how, seconds=DUE_AFTER + 10)
        for route in ("runs", "deployments"):
            self.simulation.simulator.add_fault(f"GET /v1/loops/{route}", "slow", seconds=seconds)
        self.work_when_due(which)

    @rule(which=st.integers(0, 1), after=st.integers(0, 9), seconds=st.sampled_from([20, 35]))
    def freeze_poll(self, which: int, after: int, seconds: int) -> None:
        self.is_checked = False
        self.freeze_next(after=after, place="call", seconds=seconds)
        self.work_when_due(which)

    @rule(which=st.integers(0, 1), seconds=st.sampled_from([40, 120]))
    def poll_too_often(self, which: int, seconds: int) -> None:
        """The API asks for a pause, and the workers look for work meanwhile."""
        self.is_checked = False
        self.simulation.simulator.add_fault("GET *", "rate_limit", 2, retry_after=seconds)
        self.work_when_due(which)
        self.simulation.work_for(24, worker_numbers=(0, 1))

    @rule(which=st.integers(0, 1), after=st.integers(0, 40))
    def kill_poll(self, which: int, after: int) -> None:
        self.is_checked = False
        self.kill_next(after=after, place="statement")
        self.work_when_due(which)

    def work_when_due(self, which: int) -> None:
        self.simulation.clock.pass_(DUE_AFTER)
        self.simulation.workers[which].work()

    @rule(which=number)
    def start_run(self, which: int) -> None:
        self.organisation.start_run(which)

    @rule(which=number, how=ends)
    def end_deployment(self, which: int, how: str) -> None:
        self.organisation.end_deployment(which, how)

    @rule(which=number, what=st.sampled_from(["remove_deployment", "hide", "hide", "omit_status"]))
    def lose_sight(self, which: int, what: str) -> None:
        getattr(self.organisation, what)(which)

    @rule(what=st.sampled_from(["show_hidden", "tell_everything", "restore_keys"]))
    def find_again(self, what: str) -> None:
        getattr(self.organisation, what)()

    @rule(which=number, what=st.sampled_from(["save_checkpoint", "lose_checkpoint"]))
    def change_checkpoints(self, which: int, what: str) -> None:
        getattr(self.organisation, what)(which)

    @rule(
        route=st.sampled_from(ROUTES),
        fault=st.sampled_from(FAULTS),
        count=st.sampled_from([1, 1, 2, 4, None]),
    )
    def break_api(self, route: str, fault: dict[str, Any], count: int | None) -> None:
        self.simulation.simulator.add_fault(route, count=count, **fault)

    @rule(after=st.integers(0, 40), place=st.sampled_from(["statement", "call"]))
    def kill_next(self, after: int, place: Place) -> None:
        self.simulation.disruptions.planned = Disruption(place, after, kill)

    @rule(
        after=st.integers(0, 12),
        place=st.sampled_from(["statement", "call"]),
        seconds=st.sampled_from([5, 20, 35]),
    )
    def freeze_next(self, after: int, place: Place, seconds: int) -> None:
        freeze = functools.partial(self.simulation.freeze, seconds=seconds)
        self.simulation.disruptions.planned = Disruption(place, after, freeze)

    @rule(which=number, who=number, waits=st.booleans())
    def request(self, which: int, who: int, waits: bool) -> None:
        self.is_checked = False
        with self.simulation.act():
            self.people.request(which, who, waits=waits)

    @rule(
        which=number,
        who=number,
        decides=number,
        verb=verbs,
        fault=st.sampled_from(LOST_ANSWERS),
        seconds=st.sampled_from([0, 12, TOO_LATE, TOO_LATE]),
    )
    def request_and_decide(
        self,
        which: int,
        who: int,
        decides: int,
        verb: str,
        fault: dict[str, Any],
        seconds: int,
    ) -> None:
        """The next answer may be lost. The requester tries to approve it first. Whoever withdraws
        it too late does so on an old page."""
        if fault:
            self.simulation.simulator.add_fault(DEACTIVATE, **fault)
        self.request(which, who, waits=False)
        self.people.open_requests()
        with self.simulation.act():
            self.people.decide(0, who, "approve")
            self.people.decide(0, decides, verb)
        self.simulation.work_for(seconds, worker_numbers=(0, 1))
        if seconds == TOO_LATE:
            with self.simulation.act():
                self.people.decide(0, decides, "withdraw")

    @rule(which=number, who=number, verb=verbs, is_page_new=st.booleans())
    def decide(self, which: int, who: int, verb: str, is_page_new: bool) -> None:
        self.is_checked = False
        if is_page_new:
            self.people.open_requests()
        with self.simulation.act():
            self.people.decide(which, who, verb)

    @rule(word=words)
    def add_key(self, word: str) -> None:
        self.is_checked = False
        with self.simulation.act():
            self.people.add_key(word)

    @rule(which=number, what=st.sampled_from(["remove_key", "check_key"]))
    def change_key(self, which: int, what: str) -> None:
        self.is_checked = False
        with self.simulation.act():
            getattr(self.people, what)(which)

    @rule(word=words)
    def revoke_key(self, word: str) -> None:
        self.organisation.revoke_key(word)

    @rule(what=st.sampled_from(["open_requests", "leave", "come_back", "watch", "look_away"]))
    def come_and_go(self, what: str) -> None:
        getattr(self.people, what)()

    @invariant()
    def keeps_its_promises(self) -> None:
        self.steps += 1
        if self.has_begun and not self.is_checked:
            self.simulation.check()
        self.is_checked = True

    def teardown(self) -> None:
        """Recover, unless something failed before."""
        if not self.has_begun:
            return
        try:
            if sys.exc_info()[0] is None:
                recover(self.simulation)
        finally:
            self.simulation.close()
