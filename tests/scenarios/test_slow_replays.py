"""Replays that take minutes, while nothing live comes of the stream that replays: nobody takes that for silence or lag."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.core.failover import FailoverPolicy, Strategy, What
from monitor.simulator.region import RegionSettings
from tests.e2e.expected import expected
from tests.scenarios.handovers import CHAIN, DELAYS, Fleet, decisions
from tests.scenarios.run import watch
from tests.scenarios.test_stitched import assert_truth, busiest_accounts, monitors, wants

SLOT_TIME = 0.4
AWAY = 250
"""Slots that the chain went on since the daemon was ended."""
RATE = 10.0
"""Slots of a replay a second: four times as fast as the chain."""
FLEETS = [
    Fleet(2, FailoverPolicy(Strategy.STANDBY), SLOT_TIME),
    Fleet(4, FailoverPolicy(Strategy.RACE, hot=2), SLOT_TIME),
]


@pytest.mark.parametrize("fleet", FLEETS, ids=["standby", "race"])
async def test_who_is_far_behind_replays_it_all_and_nothing_flaps(
    fleet: Fleet, tmp_path: Path
) -> None:
    accounts = busiest_accounts(7)
    outcome = await watch(
        monitors(accounts),
        tmp_path,
        slots=AWAY + 150,
        seed=7,
        slot_time=SLOT_TIME,
        chain_settings=replace(CHAIN, slot_time=SLOT_TIME),
        region_settings=RegionSettings(replay_stored_slots=1000, replay_rate=RATE),
        delays={name: DELAYS[name] for name in fleet.regions},
        failover=fleet.policy,
        behind=AWAY,
    )
    chosen = [What.CHOSEN] * fleet.policy.places
    assert [(each.at, each.what, each.why) for each in decisions(outcome)[len(chosen) :]] == []
    assert_truth(outcome, expected(outcome.truth, wants(accounts), outcome.slots))
    asked = Counter(sent.region for sent in outcome.feeds.log)
    assert max(asked.values()) == 2
