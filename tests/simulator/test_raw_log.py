"""What a relaying server keeps of what it sent, and for how long."""

from monitor.core.chain import Commitment, SlotStatus
from monitor.simulator.raw_log import LoggedRings, RawLog
from monitor.simulator.received import Message, StatusNews
from tests.simulator.test_reconstruction import NoRepeats

PROCESSED, CONFIRMED, FINALIZED = Commitment


def news(slot: int, status: SlotStatus = SlotStatus.COMPLETED) -> Message:
    return StatusNews(slot, status, 1)


def slots(log: RawLog, from_slot: int) -> list[int]:
    return [message.slot for message in log.replay(from_slot, PROCESSED, 9) or ()]


def test_it_replays_in_the_order_of_arrival_whatever_the_slot() -> None:
    log = RawLog(9)
    for slot in (5, 7, 6, 5):
        log.add(news(slot))
    assert slots(log, 5) == [5, 7, 6, 5]
    assert slots(log, 6) == [7, 6]


def test_the_lowest_slot_goes_when_there_are_too_many_and_does_not_come_back() -> None:
    log = RawLog(2)
    for slot in (5, 6, 7, 5):
        log.add(news(slot))
    assert log.oldest == 6
    assert not log.holds(5)
    assert slots(log, 0) == [6, 7]


def test_a_log_of_nothing_keeps_nothing() -> None:
    log = RawLog(0)
    log.add(news(5))
    assert log.oldest is None
    assert slots(log, 0) == []


def test_what_goes_out_at_processed_is_logged_and_nothing_else() -> None:
    log = RawLog(9)
    rings = LoggedRings(NoRepeats(), log)
    rings.put(CONFIRMED, news(4))
    rings.put_everywhere(news(5))
    assert slots(log, 0) == [5]
    assert [message.slot for message in rings.take(CONFIRMED)] == [4, 5]
