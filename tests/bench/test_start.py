"""A start of the demo is judged by every promise at once."""

from dataclasses import replace

import pytest

from tests.bench.start import Start

GOOD = Start("next start", 5.0, 2.0, "SIGINT", 0.5, status=0, left=0, whole=True)


def test_a_start_that_keeps_every_promise_reaches_the_goal() -> None:
    assert GOOD.row() == "| next start | 2.00 | 5 | SIGINT | 0.50 | 0 | 0 | yes | reached |"


@pytest.mark.parametrize(
    "broken",
    [
        replace(GOOD, to_event=5.1),
        replace(GOOD, to_exit=3.1),
        replace(GOOD, status=1),
        replace(GOOD, left=1),
        replace(GOOD, whole=False),
    ],
)
def test_one_broken_promise_misses_it(broken: Start) -> None:
    assert broken.row().endswith("| MISSED |")
