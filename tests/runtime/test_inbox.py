"""The inbox: every event reaches the kernel, in order, and never two in one turn."""

from monitor.core.events import SignedOff
from monitor.runtime.inbox import Inbox


def test_gives_one_event_a_turn_in_their_order() -> None:
    woken: list[None] = []
    inbox = Inbox(lambda: woken.append(None))
    for slot in (7, 5, 6):
        inbox.post(SignedOff(slot, "why"))
    assert [inbox.take() for _ in range(4)] == [
        SignedOff(7, "why"),
        SignedOff(5, "why"),
        SignedOff(6, "why"),
        None,
    ]


def test_wakes_the_loop_for_each_event_and_not_for_none() -> None:
    woken: list[None] = []
    inbox = Inbox(lambda: woken.append(None))
    inbox.take()
    assert woken == []
    inbox.post(SignedOff(7, "why"))
    inbox.post(SignedOff(8, "why"))
    assert len(woken) == 2
    inbox.take()
    assert len(woken) == 3  # one event is left for the next turn
    inbox.take()
    assert len(woken) == 3
