"""The bench of recovery reads its notes as it says, and judges what it found."""

from pathlib import Path

import pytest

from monitor.adapters.stores.ledger import SqliteLedger
from monitor.app.lifecycle import STORE
from monitor.wire.pb import geyser_pb2
from tests.bench import catch_up, recovery
from tests.bench.catch_up import CaughtUp, Delays
from tests.bench.gaps import WAYS, Gap, of_jobs, of_outages
from tests.bench.peers.watched import Notes, as_json, from_json, stamp_ns

REPLAY, RPC = WAYS


def notes() -> Notes:
    """Two gaps of ten slots, 40 slots apart; slot 105 holds no block."""
    out = {slot: 50.0 for slot in range(90, 160)} | {slot: 52.0 for slot in range(100, 110)}
    out |= {slot: 71.5 for slot in range(150, 160)}
    del out[105]
    return Notes(
        jobs=[(51.0, 100, 109), (51.5, 109, 110), (70.5, 150, 160)],
        returns=[(51.25, 99, 110), (60.0, 120, 121), (70.0, 149, 160)],
        repairs=[(51.75, 100, 105, "rpc", 51.0), (71.0, 150, 151, "replay", 70.5)],
        out=out,
        live=[(50.0, 4.0, 1.0), (51.0, 5.0, 2.0), (60.0, 9.0, 3.0)],
    )


def test_a_gap_of_an_outage_lasts_from_the_first_word_to_the_last_event() -> None:
    assert of_outages(notes()) == [Gap(10, 0.75, 0.75), Gap(11, 1.5, 0.5)]


def test_a_gap_of_jobs_lasts_from_the_first_opening_to_the_last_event() -> None:
    assert of_jobs(notes()) == [Gap(9, 1.0, 0.75), Gap(10, 1.0, 0.5)]


def test_a_gap_of_which_nothing_came_is_none() -> None:
    lost = notes()
    lost.out = {slot: at for slot, at in lost.out.items() if not 100 <= slot < 110}
    assert [gap.slots for gap in of_jobs(lost)] == [10]


def test_delays_are_of_their_part_alone() -> None:
    assert catch_up.delays(notes(), 50.0, 60.0) == Delays(2, 4.0, 4.0, 1.0, 1.0)


def test_notes_come_back_from_the_file() -> None:
    assert from_json(as_json(notes())) == notes()


def test_the_stamp_is_the_servers() -> None:
    update = geyser_pb2.SubscribeUpdate()
    update.created_at.FromNanoseconds(1_795_000_000_000_000_007)
    assert stamp_ns(update.SerializeToString()) == 1_795_000_000_000_000_007


def test_the_daemon_finds_all_below_the_chain_settled(tmp_path: Path) -> None:
    catch_up.settle(tmp_path / "state", 99)
    store = SqliteLedger(tmp_path / "state" / STORE)
    assert store.settled() == 99
    store.close()


def test_the_greatest_of_few_is_their_p99() -> None:
    assert recovery.p99([1.0, 3.0, 2.0]) == 3.0
    assert recovery.p99([float(each) for each in range(200)]) == 198.0


def test_goals_are_judged() -> None:
    slow = [Gap(10, 0.5, 0.25)] * 19 + [Gap(10, 2.5, 1.0)]
    assert recovery.gap_row(REPLAY, slow) == "| replay | 20 | 0.50 | 2.50 | 20 | 1.00 |"
    assert not recovery.gap_goal(REPLAY, slow).is_reached
    assert recovery.gap_goal(RPC, slow).is_reached
    quick = Delays(100, 4.0, 10.0, 0.5, 2.0)
    found = CaughtUp(2000, 80.0, Delays(100, 5.0, 31.0, 0.5, 3.0), quick, 4000, 5.0, 20.0)
    assert [goal.is_reached for goal in recovery.catch_up_goals(found)] == [True, False]
    assert recovery.catch_up_rows(found)[-1] == "| after it | 100 | 4.0 / 10.0 | 0.5 / 2.0 |"


@pytest.mark.real_time
def test_a_daemon_catches_up_and_events_stay_live(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WARM_UP", "SETTLE"):
        monkeypatch.setattr(catch_up, name, 0.5)
    monkeypatch.setattr(catch_up, "AFTER", 3.0)
    monkeypatch.setattr(catch_up, "SLOT_TIME", 0.1)
    found = catch_up.measure(slots=100, transactions=60)
    assert found.slots >= 50  # of the young chain the regions may tell the end themselves
    assert found.calls >= 2 * 0.9 * found.slots
    assert found.after.events > 0
    assert found.rate > 0
