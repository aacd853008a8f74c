import pytest
from typing_extensions import override

from monitor.adapters.grpc.alarm import Alarm
from monitor.adapters.grpc.intake import SETTLE_SECONDS, Intake
from monitor.ports import FramesTaken, StreamEnded, StreamOpened

pytestmark = pytest.mark.real_time

ALL = 1 << 20


class Counting(Alarm):
    """Counts its rings."""

    rings = 0

    @override
    def ring(self) -> None:
        self.rings += 1
        super().ring()


def intake(bound: int = ALL) -> Intake:
    stamps = iter(range(100, 200))
    return Intake(7, bound, Alarm(lambda: 0), lambda: next(stamps))


def test_frames_come_stamped_in_order() -> None:
    here = intake()
    here.put(b"one")
    here.put(b"two")
    assert here.take(ALL) == (
        [StreamOpened(7), FramesTaken(7, [(100, b"one"), (101, b"two")], 6)],
        6,
    )
    assert here.take(ALL) == ([], 0)


def test_a_frame_taken_before_it_is_counted_is_counted_with_the_next() -> None:
    here = intake()
    here._frames.append((100, b"one"))
    assert here.take(ALL)[1] == 0
    here._received += 3
    here.put(b"four!")
    assert here.take(6)[1] == 5  # 8 bytes seem to wait, more than the limit
    assert here.take(ALL) == ([], 3)
    here.put(b"six")
    assert here.take(ALL)[1] == 3
    assert here.has_room()


def test_ending_waits_for_the_last_frame() -> None:
    here = intake()
    here.put(b"one")
    here.put(b"two")
    here.end("OK", "done")
    assert here.take(3) == ([StreamOpened(7), FramesTaken(7, [(100, b"one")], 3)], 3)
    assert here.take(3) == ([FramesTaken(7, [(101, b"two")], 3), StreamEnded(7, "OK", "done")], 3)


def test_no_frame_is_taken_at_a_spent_limit_but_an_ending_is() -> None:
    here = intake()
    here.put(b"one")
    assert here.take(0) == ([StreamOpened(7)], 0)
    assert here.is_waiting()
    over = intake()
    over.end("OK", "")
    assert over.take(0) == ([StreamEnded(7, "OK", "")], 0)


def test_room_ends_at_the_bound_and_comes_back_by_taking() -> None:
    here = intake(bound=6)
    assert here.put(b"one")
    assert not here.put(b"two")
    assert not here.has_room()
    here.take(1)
    assert here.has_room()


def test_frame_over_the_bound_is_taken_all_the_same() -> None:
    here = intake(bound=1)
    assert not here.put(b"three")
    assert here.take(ALL)[1] == 5
    assert here.has_room()


async def test_headers_alone_open_after_a_moment() -> None:
    alarm = Alarm(lambda: 0)
    alarm.attach()
    here = Intake(7, ALL, alarm, lambda: 0)
    here.open()
    assert here.take(ALL) == ([], 0)
    await alarm.sleep(None, here.is_waiting)
    assert here.take(ALL) == ([StreamOpened(7)], 0)
    assert not here.is_waiting()


async def test_headers_with_a_refusal_behind_them_never_open() -> None:
    alarm = Alarm(lambda: 0)
    alarm.attach()
    here = Intake(7, ALL, alarm, lambda: 0)
    here.open()
    here.end("UNAUTHENTICATED", "No valid auth token")
    await alarm.sleep(2 * SETTLE_SECONDS, lambda: False)
    assert here.take(ALL) == ([StreamEnded(7, "UNAUTHENTICATED", "No valid auth token")], 0)


def test_thread_rings_only_when_the_loop_waits_to_be_rung() -> None:
    alarm = Counting(lambda: 0)
    here = Intake(7, ALL, alarm, lambda: 0)
    here.put(b"one")
    assert alarm.rings == 0
    alarm.ring_from = 0
    here.put(b"two")
    here.put(b"three")
    assert alarm.rings == 1


def test_end_rings_a_sleeping_loop() -> None:
    alarm = Counting(lambda: 0)
    here = Intake(7, ALL, alarm, lambda: 0)
    here.end("OK", "")
    assert alarm.rings == 1
    assert here.is_waiting()


def test_a_stall_is_told() -> None:
    here = intake()
    assert not here.stalled
    here.stall()
    assert here.stalled
