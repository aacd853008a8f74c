import threading
import time

import pytest

from monitor.adapters.grpc.alarm import Alarm
from monitor.adapters.grpc.intake import Intake
from monitor.adapters.grpc.iterating import Room

pytestmark = pytest.mark.real_time


def full_intake() -> Intake:
    intake = Intake(1, 3, Alarm(time.monotonic_ns), time.monotonic_ns)
    intake.put(b"one")
    return intake


def waiting_in(room: Room, intake: Intake) -> threading.Thread:
    thread = threading.Thread(target=room.wait)
    thread.start()
    while not intake.stalled:
        thread.join(0.001)
    return thread


def test_wait_ends_when_the_loop_took_and_says_so() -> None:
    intake = full_intake()
    room = Room(intake)
    thread = waiting_in(room, intake)
    room.look()
    thread.join(0.01)
    assert thread.is_alive()
    intake.take(1)
    room.look()
    thread.join()
    assert not intake.stalled


def test_wait_ends_when_the_room_closes() -> None:
    intake = full_intake()
    room = Room(intake)
    thread = waiting_in(room, intake)
    room.close()
    thread.join()


def test_room_that_is_free_or_closed_is_not_waited_for() -> None:
    intake = full_intake()
    room = Room(intake)
    intake.take(1)
    room.wait()
    intake.put(b"two")
    room.close()
    room.wait()
    assert not intake.has_room()
