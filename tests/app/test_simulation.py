import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.real_time
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_simulation_tells_its_addresses_and_ends_clean_on_a_signal(
    number: signal.Signals,
) -> None:
    words = ["simulate", "--regions", "ams,nyc", "--ports", "0", "--control", "127.0.0.1:0"]
    with subprocess.Popen(
        [sys.executable, "-m", "monitor", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(4)]
        process.send_signal(number)
        _, error = process.communicate(timeout=10)

    assert [line.split()[0] for line in told] == ["ams", "nyc", "rpc", "control"]
    assert (process.returncode, error) == (0, "")
