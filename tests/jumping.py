"""A loop on real sockets whose clock jumps: it stands still while anything comes, and passes at once what is waited for in vain.

How this works. The loop asks its selector to wait until the next timer. The selector waits for what is under way on
sockets of this process; only where nothing comes, the clock is put to that timer. So a machine that stalls takes no
time, and no test waits. Both ends of every socket have to be in this loop, and nothing may be left to a thread.
"""

import asyncio
import selectors
from typing import Final

import pytest
from typing_extensions import override

_UNDER_WAY: Final = 0.05
"""Seconds in which comes what was sent over loopback; it is there at once as a rule."""


class _Jumping(selectors.DefaultSelector):
    """Waits as long as it is asked to, by its own clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        found = super().select(_UNDER_WAY)
        if not found:
            self.now += timeout
        return found


class JumpingLoop(asyncio.SelectorEventLoop):
    """The usual loop of asyncio on that clock."""

    def __init__(self) -> None:
        self._clock = _Jumping()
        super().__init__(self._clock)

    @override
    def time(self) -> float:
        return self._clock.now


jumps = pytest.mark.parametrize(
    "anyio_backend", [("asyncio", {"loop_factory": JumpingLoop})], ids=["jumping"]
)
"""Marks tests that run in such a loop."""
