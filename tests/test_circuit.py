from __future__ import annotations

from loopsweb.circuit import Circuit


def test_everybody_asks_a_server_that_answers() -> None:
    circuit = Circuit(60)
    assert [circuit.may_try() for _ in range(3)] == [True, True, True]
    assert (circuit.succeed(), circuit.outages) == (False, 0)


def test_after_a_failure_nobody_asks_for_a_while() -> None:
    circuit = Circuit(60)
    assert [circuit.fail(), circuit.fail()] == [True, False]
    assert (circuit.may_try(), circuit.outages) == (False, 1)


def test_after_the_pause_one_asks_and_the_others_do_not_wait_for_it() -> None:
    circuit = Circuit(60)
    circuit.fail()
    circuit.tried_at -= 61
    assert [circuit.may_try() for _ in range(3)] == [True, False, False]

    assert circuit.succeed()
    assert [circuit.may_try() for _ in range(3)] == [True, True, True]
