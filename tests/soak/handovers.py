"""Endpoints beside the hot ones, and troubles of several at once, in virtual time, drawn from a seed."""

import tempfile
from pathlib import Path
from typing import Final

from monitor.core.failover import FailoverPolicy, Strategy
from monitor.wire.units import units_of
from tests import virtual_time
from tests.scenarios.handovers import (
    Fleet,
    assert_calm,
    decisions,
    draw_hushes,
    draw_troubles,
    watch_handovers,
)
from tests.scenarios.test_stitched import monitors
from tests.soak.stitched import told_of

SLOTS: Final = 300
ROUNDS: Final = 20
FLEETS: Final = (
    Fleet(4, FailoverPolicy(Strategy.RACE, hot=2)),
    Fleet(3, FailoverPolicy(Strategy.STANDBY)),
    Fleet(3, FailoverPolicy(Strategy.RACE, hot=3)),
    Fleet(4, FailoverPolicy(Strategy.STANDBY)),
    Fleet(4, FailoverPolicy(Strategy.SPREAD, hot=3, units=units_of(monitors(())))),
)


def run_round(seed: int, slots: int = SLOTS) -> tuple[str | None, str]:
    """One fleet for so many slots: None when all held, else what did not; and how much was decided."""
    fleet = FLEETS[seed % len(FLEETS)]
    troubles = draw_troubles(seed, slots, fleet.regions)
    troubles += draw_hushes(seed, slots, fleet.regions)
    decided = 0

    async def judge() -> None:
        nonlocal decided
        with tempfile.TemporaryDirectory() as directory:
            outcome = await watch_handovers(
                Path(directory), fleet, troubles, seed=seed, slots=slots
            )
        assert_calm(outcome)
        decided = len(decisions(outcome))

    try:
        virtual_time.run(judge, seed)
    except AssertionError as broken:
        return told_of(broken), ""
    return (
        None,
        f"{fleet.policy.strategy} of {fleet.count}: {len(troubles)} troubles, {decided} decisions",
    )
