"""What the process does with memory that it freed."""

import gc
import subprocess
import sys

import pytest

from monitor.app.memory import give_back_large_buffers, tame_collector

PROGRAM = """
import sys
from monitor.app.memory import give_back_large_buffers

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096

if sys.argv[1] == "yes":
    assert give_back_large_buffers()
freed = b"x" * (4 << 20)
del freed  # from here on glibc takes 4 MiB for nothing special
large, small = [], []
before = resident()
for _ in range(40):
    large.append(b"x" * (4 << 20))
    small.append(b"x" * 100_000)
del large
print(resident() - before)
"""


def left_over(*, tamed: bool) -> int:
    """Bytes that stay with the process after 160 MiB were freed."""
    command = [sys.executable, "-c", PROGRAM, "yes" if tamed else "no"]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="it reads /proc")
def test_large_buffers_go_back_to_the_system_whatever_small_ones_stay() -> None:
    if not give_back_large_buffers():
        pytest.skip("this C library has no mallopt")

    assert left_over(tamed=True) < 16 << 20 < left_over(tamed=False)


def test_what_was_made_at_the_start_is_never_looked_through() -> None:
    thresholds = gc.get_threshold()
    try:
        tame_collector()
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold()[0] > thresholds[0]
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
