"""The machine's clocks and its randomness."""

import random
import time


class SystemClock:
    """Monotonic time, and UTC for stamps that people read."""

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def utc_ns(self, stamp_ns: int) -> int:
        """Nanoseconds since 1970 of a monotonic stamp, by the clocks' distance now.

        The distance is read anew each time, so a clock that is set right shows at once.
        """
        return stamp_ns + time.time_ns() - time.monotonic_ns()


class SystemDice:
    """Randomness for back-off."""

    def jitter(self) -> float:
        """Uniform in [0, 1)."""
        return random.random()
