"""When faults of a scenario come, and which of them cannot."""

import pytest

from monitor.simulator.timed_faults import Agenda, TimedFault, check_fault


def test_each_fault_comes_once_and_in_order() -> None:
    late, soon = TimedFault(9, "nyc", "heal"), TimedFault(2.5, "nyc", "kill")
    agenda = Agenda([late, soon])
    assert agenda.next_at() == 2.5
    assert agenda.due(2.4) == []
    assert agenda.due(2.5) == [soon]
    assert agenda.due(100.0) == [late]
    assert agenda.due(1000.0) == []
    assert agenda.next_at() is None


def test_faults_of_one_moment_come_as_they_are_written() -> None:
    both = [TimedFault(1, "nyc", "kill"), TimedFault(1, "ams", "cut")]
    assert Agenda(both).due(1) == both


def test_a_fault_that_repeats_comes_once_for_each_time() -> None:
    again = TimedFault(1, "nyc", "cut", every=10)
    agenda = Agenda([again])
    assert agenda.due(25.0) == [again, again, again]
    assert agenda.next_at() == 31


@pytest.mark.parametrize(
    ("target", "fault", "argument", "said"),
    [
        ("rio", "kill", None, "there is no region nor RPC 'rio'; there are ams, all, rpc1"),
        ("ams", "explode", None, "no fault 'explode'"),
        ("all", "lag", "-1", "lag takes seconds"),
        ("rpc1", "stall", None, "no fault 'stall' of an RPC"),
        ("ams", "outage", "0", "outage takes slots"),
        ("all", "halt", "0", "halt takes slots"),
        ("ams", "fork", "0.1", "fork strikes the chain, and so all regions alike; name all"),
    ],
)
def test_what_cannot_be_done_is_said(
    target: str, fault: str, argument: str | None, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        check_fault(TimedFault(1, target, fault, argument), ("ams",), ("rpc1",))


@pytest.mark.parametrize("fault", ["kill", "heal", "cut", "outage 3", "lag 0", "fork", "halt 9"])
def test_what_can_be_done_is_not(fault: str) -> None:
    word, _, argument = fault.partition(" ")
    check_fault(TimedFault(1, "all", word, argument or None), ("ams",), ("rpc1",))
