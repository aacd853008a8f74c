import asyncio
import math
import threading

import pytest

from monitor.adapters.grpc.alarm import BUSY_RATE, REST_NS, WINDOW_NS, Alarm

pytestmark = pytest.mark.real_time


class Stamps:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


def attached(stamp: Stamps | None = None) -> Alarm:
    alarm = Alarm(stamp or Stamps())
    alarm.attach()
    return alarm


def after_window(frames: int, elapsed_ns: int = WINDOW_NS) -> Alarm:
    """An alarm that has seen so many frames in so long."""
    stamps = Stamps()
    alarm = attached(stamps)
    alarm.count(frames)
    stamps.now = elapsed_ns
    return alarm


def is_awake(alarm: Alarm) -> bool:
    """No message would ring."""
    return alarm.ring_from == math.inf


async def rests(alarm: Alarm) -> bool:
    """Whether no message rings in the first moment of a sleep."""
    sleep = asyncio.create_task(alarm.sleep(5.0, lambda: False))
    await asyncio.sleep(0)
    ring_from = alarm.ring_from
    sleep.cancel()
    await asyncio.wait([sleep])
    return ring_from > 0


async def test_ring_of_another_thread_ends_the_sleep_once() -> None:
    alarm = attached()
    sleep = asyncio.create_task(alarm.sleep(None, lambda: False))
    await asyncio.sleep(0)
    assert alarm.ring_from == 0
    thread = threading.Thread(target=alarm.ring)
    thread.start()
    await sleep
    thread.join()
    assert is_awake(alarm)


async def test_what_came_before_the_sleep_ends_it_at_once() -> None:
    alarm = attached()
    await alarm.sleep(None, lambda: True)
    assert is_awake(alarm)


async def test_time_ends_the_sleep() -> None:
    alarm = attached()
    await alarm.sleep(0.01, lambda: False)
    assert is_awake(alarm)


async def test_a_wake_ends_the_sleep() -> None:
    alarm = attached()
    sleep = asyncio.create_task(alarm.sleep(None, lambda: False))
    await asyncio.sleep(0)
    alarm.wake()
    await sleep
    assert is_awake(alarm)


async def test_a_wake_before_the_sleep_ends_the_next_one_alone() -> None:
    alarm = attached()
    alarm.wake()
    await alarm.sleep(None, lambda: False)
    sleep = asyncio.create_task(alarm.sleep(None, lambda: False))
    for _ in range(5):
        await asyncio.sleep(0)  # yields; waits for no time
    assert not sleep.done()
    alarm.wake()
    await sleep


async def test_a_wake_ends_a_rest_and_the_sleep_behind_it() -> None:
    alarm = after_window(BUSY_RATE)
    sleep = asyncio.create_task(alarm.sleep(None, lambda: False))
    await asyncio.sleep(0)
    assert alarm.ring_from > 0
    alarm.wake()
    await sleep
    assert is_awake(alarm)


async def test_cancelled_sleep_leaves_nothing_behind() -> None:
    alarm = attached()
    assert not await rests(alarm)
    assert is_awake(alarm)
    alarm.rouse()


@pytest.mark.parametrize("rate", [1_000, 2_000, 5_000])
async def test_threads_ring_at_moderate_rates(rate: int) -> None:
    assert not await rests(after_window(rate * WINDOW_NS // 1_000_000_000))


@pytest.mark.parametrize("rate", [BUSY_RATE, 20_000, 150_000])
async def test_the_loop_rests_at_high_rates(rate: int) -> None:
    assert await rests(after_window(rate * WINDOW_NS // 1_000_000_000))


async def test_one_large_take_after_a_pause_is_no_high_rate() -> None:
    assert not await rests(after_window(500, 100_000_000))


async def test_hiccup_shorter_than_the_window_does_not_count() -> None:
    assert not await rests(after_window(70, WINDOW_NS - 1))


async def test_a_message_after_the_rest_is_worth_a_ring() -> None:
    alarm = after_window(1_000)
    sleep = asyncio.create_task(alarm.sleep(None, lambda: True))
    await asyncio.sleep(0)
    assert alarm.ring_from == WINDOW_NS + REST_NS
    alarm.ring()
    assert is_awake(alarm)
    await sleep


async def test_a_rest_returns_by_itself_with_what_came() -> None:
    alarm = after_window(1_000)
    await alarm.sleep(None, lambda: True)
    assert is_awake(alarm)


async def test_a_rest_that_finds_nothing_goes_on_until_rung() -> None:
    alarm = after_window(1_000)
    looked_ringable = asyncio.Event()

    def looks() -> bool:
        if alarm.ring_from == 0:
            looked_ringable.set()
        return False

    sleep = asyncio.create_task(alarm.sleep(None, looks))
    await looked_ringable.wait()
    alarm.ring()
    await sleep


async def test_loop_that_is_behind_does_not_sleep() -> None:
    alarm = after_window(1_000)
    alarm.behind = True
    assert not await rests(alarm)
    await alarm.sleep(None, lambda: True)


async def test_quiet_again_ends_the_rests() -> None:
    stamps = Stamps()
    alarm = attached(stamps)
    alarm.count(1_000)
    stamps.now = WINDOW_NS
    assert await rests(alarm)
    stamps.now = 3 * WINDOW_NS
    assert not await rests(alarm)


async def test_later_calls_on_the_loop_from_a_thread() -> None:
    alarm = attached()
    called = asyncio.Event()
    thread = threading.Thread(target=alarm.later, args=(0.001, called.set))
    thread.start()
    await called.wait()
    thread.join()
