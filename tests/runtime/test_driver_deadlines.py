"""The driver's turns: how often it asks the kernel when to call again, which costs as much as some rows."""

from collections.abc import Sequence

import anyio
from typing_extensions import override

from monitor.core.chain import SlotStatus
from monitor.core.commands import Command
from monitor.core.kernel import Kernel
from monitor.core.monitors import Monitor
from monitor.core.policy import Policy
from tests.runtime.test_driver import Stage, meta, status


class CountingKernel(Kernel):
    """The kernel, which besides counts how often it is asked."""

    def __init__(
        self, monitors: Sequence[Monitor], endpoints: int, policy: Policy, *, rpcs: int = 0
    ) -> None:
        super().__init__(monitors, endpoints, policy, rpcs=rpcs)
        self.asked = 0
        self.ticks = 0

    @override
    def next_deadline(self) -> float | None:
        self.asked += 1
        return super().next_deadline()

    @override
    def tick(self, now: float) -> list[Command]:
        self.ticks += 1
        return super().tick(now)


async def test_asks_for_the_deadline_once_a_turn_and_again_after_a_tick() -> None:
    stage = Stage(kernel=CountingKernel)
    kernel = stage.driver.kernel
    assert isinstance(kernel, CountingKernel)
    async with stage.running():
        await stage.opens(1)
        for slot in range(4, 24):
            await stage.says(1, status(slot, SlotStatus.CREATED_BANK), meta(slot, 0))
        await anyio.sleep(5)
        turns = len(stage.feeds.takes)
        assert turns > 20
        assert kernel.ticks > 3
        assert kernel.asked == 1 + turns + kernel.ticks
