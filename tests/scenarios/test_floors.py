"""One region that says how far back it replays, in virtual time: nothing is asked of it that it would refuse."""

from pathlib import Path

from monitor.core.reach import FLOOR_MARGIN
from monitor.simulator.region import RegionSettings
from tests.scenarios.run import Fault
from tests.scenarios.test_refusals import (
    asked_from,
    assert_lost,
    loss,
    reasons,
    watch_one,
)


async def test_a_server_without_replay_is_asked_for_none(tmp_path: Path) -> None:
    settings = RegionSettings(replay_stored_slots=0)
    outcome = await watch_one(tmp_path, 60, [Fault(30, "ams", "cut")], settings)
    assert reasons(outcome) == ["transient"]
    assert asked_from(outcome) == []
    assert_lost(outcome, loss(outcome))


async def test_what_a_server_still_has_after_a_long_outage_is_asked_for_at_once(
    tmp_path: Path,
) -> None:
    faults = [Fault(30, "ams", "refuse"), Fault(30, "ams", "cut"), Fault(90, "ams", "heal")]
    outcome = await watch_one(tmp_path, 120, faults, RegionSettings(replay_stored_slots=20))
    assert set(reasons(outcome)) == {"transient", "unreachable"}
    (asked,) = asked_from(outcome)
    (connection,) = outcome.kernel.connections.all
    assert connection.refused == []
    assert connection.floor == asked
    assert_lost(outcome, loss(outcome, replayed_from=asked))


async def test_a_server_that_began_anew_is_not_asked_for_what_it_never_had(tmp_path: Path) -> None:
    faults = [Fault(30, "ams", "kill"), Fault(40, "ams", "heal")]
    outcome = await watch_one(tmp_path, 80, faults)
    assert reasons(outcome) == ["transient", "unreachable"]
    (connection,) = outcome.kernel.connections.all
    assert connection.floor is not None
    first = connection.floor - FLOOR_MARGIN
    assert_lost(outcome, loss(outcome, replayed_from=first, restarted=True))
