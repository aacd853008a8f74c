"""The way to one RPC, in virtual time: the rate, calls at once, pauses, and what RPCs are ranked by."""

from collections.abc import Mapping
from typing import Any

import anyio
import pytest

from monitor.adapters.recovery.lane import ACCOUNTS, Lane
from monitor.core.breakers import FAILURES, UNABLE_PAUSE
from monitor.core.rates import ALLOWANCE, FIRST_CALLS, WINDOW
from monitor.core.rungs import Verdict
from monitor.ports import RpcTally
from monitor.wire.rpc_answers import Refusal
from tests.adapters.recovery.asking import SteadyDice
from tests.virtual_time import virtual_time

THROTTLED = Refusal(Verdict.THROTTLED, "http 429")
BROKEN = Refusal(Verdict.FAILED, "timeout")


@pytest.fixture
def anyio_backend() -> tuple[str, Mapping[str, Any]]:
    return virtual_time()


class LoopClock:
    """The clock of the virtual event loop."""

    def now(self) -> float:
        return anyio.current_time()

    def utc_ns(self, stamp_ns: int) -> int:
        return stamp_ns


def lane_of(rate: float | None = None) -> Lane:
    return Lane(rate, RpcTally("main"), LoopClock(), SteadyDice())


async def call(lane: Lane, sent: list[float], latency: float = 0.0) -> None:
    async with lane.place():
        ticket = await lane.turn()
        assert not isinstance(ticket, Refusal)
        sent.append(anyio.current_time())
        await anyio.sleep(latency)
        lane.reached(ticket)


async def test_calls_wait_for_the_rate_and_the_waits_are_counted() -> None:
    lane, sent = lane_of(4.0), list[float]()
    began = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(call, lane, sent)
    assert [round(at - began, 3) for at in sent] == [0.0] * 4 + [WINDOW] * 4
    tally = lane._tally
    assert tally.calls == 8
    assert tally.waits == 1
    assert tally.wait_seconds == pytest.approx(WINDOW)


async def test_an_answer_shortens_the_wait_of_who_waits_already() -> None:
    lane, sent = lane_of(1.0), list[float]()
    began = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(call, lane, sent, 0.1)
    assert [round(at - began, 3) for at in sent] == [0.0, WINDOW + 0.1, 2 * WINDOW + 0.2]


async def test_without_an_answer_the_allowance_is_waited_for() -> None:
    lane, sent = lane_of(1.0), list[float]()
    began = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(call, lane, sent, 5.0)
    assert round(sent[1] - began, 3) == WINDOW + ALLOWANCE


async def test_so_many_calls_at_once_and_no_more() -> None:
    lane, sent = lane_of(), list[float]()
    began = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        for _ in range(FIRST_CALLS + 1):
            tasks.start_soon(call, lane, sent, 1.0)
    assert [round(at - began) for at in sent] == [0] * FIRST_CALLS + [1]


async def test_a_complaint_halves_the_calls_at_once_and_good_answers_raise_them() -> None:
    lane, sent = lane_of(), list[float]()
    lane.refused(THROTTLED, anyio.current_time())
    await anyio.sleep(10)
    began = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        for _ in range(FIRST_CALLS):
            tasks.start_soon(call, lane, sent, 1.0)
    half = FIRST_CALLS // 2
    assert [round(at - began) for at in sent] == [0] * half + [1] * half
    for _ in range(half + 1):
        lane.answered(1.0, half)
    assert lane._places.total_tokens == half + 1


async def test_who_waits_for_the_rate_is_not_sent_into_a_pause() -> None:
    lane, sent = lane_of(1.0), list[float]()
    await call(lane, sent)
    found: list[float | Refusal] = []

    async def waits() -> None:
        found.append(await lane.turn())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waits)
        await anyio.sleep(0.5)
        lane.refused(Refusal(Verdict.THROTTLED, "http 429", retry_after=5.0), 0.0)
    (refusal,) = found
    assert isinstance(refusal, Refusal)
    assert refusal.verdict is Verdict.THROTTLED
    assert refusal.retry_after == pytest.approx(4.5)
    assert lane._tally.calls == 1


async def test_one_call_at_a_time_tries_a_dead_rpc() -> None:
    lane = lane_of()
    for _ in range(FAILURES):
        lane.refused(BROKEN, anyio.current_time())
    await anyio.sleep(60)
    assert lane.pause() is None
    assert isinstance(await lane.turn(), float)
    second = await lane.turn()
    assert isinstance(second, Refusal)
    assert second.verdict is Verdict.UNASKED
    lane.answered(0.1, 1)
    assert isinstance(await lane.turn(), float)


async def test_any_answer_with_a_pause_is_heeded() -> None:
    lane = lane_of()
    assert lane.refused(Refusal(Verdict.FAILED, "http 503", retry_after=3.0), 0.0) == 3.0
    assert lane.pause() == (3.0, Verdict.THROTTLED)


async def test_a_refusal_that_holds_for_every_slot_is_not_asked_for_again_soon() -> None:
    lane = lane_of()
    for _ in range(FAILURES):
        assert not lane.is_unable()
        lane.refused(Refusal(Verdict.CANNOT, "http 401", is_ours_to_cure=True), 0.0)
    assert lane.is_unable()
    assert lane.pause() == (UNABLE_PAUSE, Verdict.CANNOT)


async def test_a_method_that_it_lacks_bars_no_other() -> None:
    lane = lane_of()
    lacking = Refusal(Verdict.CANNOT, "-32601", is_ours_to_cure=True, is_of_method=True)
    for _ in range(FAILURES):
        assert lane.pause(ACCOUNTS) is None
        lane.refused(lacking, 0.0, ACCOUNTS)
        lane.answered(0.1, 1)
    assert lane.is_unable(ACCOUNTS)
    assert isinstance(await lane.turn(ACCOUNTS), Refusal)
    assert lane.pause() is None
    assert isinstance(await lane.turn(), float)


async def test_a_good_answer_forgives_that_a_method_was_lacking() -> None:
    lane = lane_of()
    lacking = Refusal(Verdict.CANNOT, "-32601", is_ours_to_cure=True, is_of_method=True)
    for _ in range(FAILURES):
        lane.refused(lacking, 0.0, ACCOUNTS)
        lane.answered(0.1, 1, ACCOUNTS)
    assert not lane.is_unable(ACCOUNTS)


async def test_remembers_which_slots_are_gone() -> None:
    lane = lane_of()
    lane.refused(Refusal(Verdict.CANNOT, "-32001", first_available=50), 0.0)
    assert lane.pause() is None
    assert not lane.keeps(49)
    assert lane.keeps(50)


async def test_a_claim_of_the_node_shows_that_it_lives() -> None:
    lane = lane_of()
    for _ in range(FAILURES):
        lane.refused(BROKEN, 0.0)
        lane.refused(Refusal(Verdict.NOT_YET, "-32004"), 0.0)
    assert lane.pause() is None
    assert lane._tally.errors == {"timeout": FAILURES, "-32004": FAILURES}


async def test_the_quicker_the_sounder_and_the_idler_rank_first() -> None:
    quick, slow, failing, busy, used_up = lane_of(), lane_of(), lane_of(), lane_of(), lane_of(1.0)
    for lane in (quick, failing, busy, used_up):
        lane.answered(0.01, 1)
    slow.given_up(3.0)
    for _ in range(2):
        failing.refused(BROKEN, 0.0)
    async with busy.place():
        await used_up.turn()
        ranked = sorted((slow, failing, busy, used_up, quick), key=Lane.expected)
        assert ranked[:2] == [quick, busy]
        assert used_up.expected() > 1
        assert used_up.is_idle is False
        assert quick.is_idle is True


async def test_who_is_in_line_counts_for_the_rank() -> None:
    lane, slower = lane_of(2.0), lane_of(2.0)
    slower.given_up(1.0)
    assert lane.expected() < slower.expected()
    for _ in range(4):
        lane.line_up()
    assert lane.expected() > 4 / 2
    assert slower.expected() < lane.expected()
    for _ in range(4):
        lane.step_out()
    assert lane.expected() < slower.expected()


async def test_is_not_idle_with_a_full_line() -> None:
    lane = lane_of()
    for _ in range(FIRST_CALLS):
        assert lane.is_idle
        lane.line_up()
    assert not lane.is_idle
