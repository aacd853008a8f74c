"""The bench of probes weighs what it says, and counts a round of probes as often as there is one."""

import pytest

from monitor.runtime.probing import CHECKED_EVERY, EVERY
from tests.bench import probes


def test_shares_are_of_the_rest_and_a_round_of_probes_comes_each_ten_minutes() -> None:
    spent = {"total": 11.0, "compared": 0.75, "decided": 0.25, "probed": 2.0}
    shares = probes.percent(spent, EVERY / 10)
    checked = 2.0 * EVERY / CHECKED_EVERY
    assert shares == pytest.approx({"compared": 7.5, "decided": 2.5, "probed": 2.0 + checked})


@pytest.mark.real_time
def test_every_part_takes_some_time_of_a_running_daemon() -> None:
    spent = probes.measure(1.0, warm_up=1.0)
    assert min(spent.values()) > 0
    assert spent["compared"] + spent["decided"] < spent["total"]
