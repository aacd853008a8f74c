"""The numbers of the commitment under their public names."""

import pytest

from monitor.adapters.metrics.snapshot import Snapshot
from monitor.core.chain import Commitment
from tests.adapters.metrics.test_exposition import samples


@pytest.mark.parametrize("level", Commitment)
def test_the_level_is_its_number(level: Commitment) -> None:
    assert samples(Snapshot(commitment=level))[("chain_monitor_commitment_level", "")] == level


def test_changes_are_counted_by_direction_and_undos_in_all() -> None:
    shown = samples(Snapshot(commitment_decisions={"tighten": 3, "loosen": 2}, undos=7))
    name = "chain_monitor_commitment_decisions_total"
    assert {labels: n for (found, labels), n in shown.items() if found == name} == {
        "direction=tighten": 3,
        "direction=loosen": 2,
    }
    assert shown[("chain_monitor_undos_total", "")] == 7


def test_what_is_unknown_is_left_out() -> None:
    shown = {name for name, _ in samples(Snapshot())}
    assert not shown & {
        "chain_monitor_commitment_level",
        "chain_monitor_commitment_decisions_total",
        "chain_monitor_undos_total",
    }
    assert samples(Snapshot(undos=0))[("chain_monitor_undos_total", "")] == 0
