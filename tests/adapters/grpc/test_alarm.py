import asyncio
import threading

import pytest

from monitor.adapters.grpc.alarm import BUSY_RATE, WINDOW_NS, Alarm

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(10)]


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


async def armed_while_asleep(alarm: Alarm) -> bool:
    """Whether threads need not ring in the first moment of a sleep."""
    sleep = asyncio.create_task(alarm.sleep(5.0, lambda: False))
    await asyncio.sleep(0)
    armed = alarm.armed
    sleep.cancel()
    await asyncio.wait([sleep])
    return armed


async def test_ring_of_another_thread_ends_the_sleep_once() -> None:
    alarm = attached()
    sleep = asyncio.create_task(alarm.sleep(None, lambda: False))
    await asyncio.sleep(0)
    assert not alarm.armed
    thread = threading.Thread(target=alarm.ring)
    thread.start()
    await sleep
    thread.join()
    assert alarm.armed


async def test_what_came_before_the_sleep_ends_it_at_once() -> None:
    alarm = attached()
    await alarm.sleep(None, lambda: True)
    assert alarm.armed


async def test_time_ends_the_sleep() -> None:
    alarm = attached()
    await alarm.sleep(0.01, lambda: False)
    assert alarm.armed


async def test_cancelled_sleep_leaves_nothing_behind() -> None:
    alarm = attached()
    assert not await armed_while_asleep(alarm)
    assert alarm.armed
    alarm.rouse()


@pytest.mark.parametrize("rate", [1_000, 2_000, 5_000])
async def test_threads_ring_at_moderate_rates(rate: int) -> None:
    assert not await armed_while_asleep(after_window(rate * WINDOW_NS // 1_000_000_000))


@pytest.mark.parametrize("rate", [BUSY_RATE, 20_000, 150_000])
async def test_the_loop_plans_its_looks_at_high_rates(rate: int) -> None:
    assert await armed_while_asleep(after_window(rate * WINDOW_NS // 1_000_000_000))


async def test_one_large_take_after_a_pause_is_no_high_rate() -> None:
    assert not await armed_while_asleep(after_window(500, 100_000_000))


async def test_hiccup_shorter_than_the_window_does_not_count() -> None:
    assert not await armed_while_asleep(after_window(70, WINDOW_NS - 1))


async def test_planned_sleep_returns_by_itself_with_what_came() -> None:
    alarm = after_window(1_000)
    await alarm.sleep(None, lambda: True)
    assert alarm.armed


async def test_planned_sleep_that_finds_nothing_goes_on_until_rung() -> None:
    alarm = after_window(1_000)
    looked_unarmed = asyncio.Event()

    def looks() -> bool:
        if not alarm.armed:
            looked_unarmed.set()
        return False

    sleep = asyncio.create_task(alarm.sleep(None, looks))
    await looked_unarmed.wait()
    alarm.ring()
    await sleep


async def test_loop_that_is_behind_does_not_sleep() -> None:
    alarm = after_window(1_000)
    alarm.behind = True
    assert not await armed_while_asleep(alarm)
    await alarm.sleep(None, lambda: True)


async def test_quiet_again_ends_the_planned_looks() -> None:
    stamps = Stamps()
    alarm = attached(stamps)
    alarm.count(1_000)
    stamps.now = WINDOW_NS
    assert await armed_while_asleep(alarm)
    stamps.now = 3 * WINDOW_NS
    assert not await armed_while_asleep(alarm)


async def test_later_calls_on_the_loop_from_a_thread() -> None:
    alarm = attached()
    called = asyncio.Event()
    thread = threading.Thread(target=alarm.later, args=(0.001, called.set))
    thread.start()
    await called.wait()
    thread.join()
