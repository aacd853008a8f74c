"""The snapshot: every count under the name of what it counts."""

from pathlib import Path

from monitor.app.snapshot import exposition, snapshot
from monitor.app.wiring import Daemon
from monitor.core.certificates import Coverage, SlotEnd
from monitor.core.chain import Commitment, Kind
from monitor.core.commands import Release
from monitor.core.endings import Ending, EndReason
from monitor.core.endpoint_health import Role
from monitor.core.events import FeedEnded, FramesArrived, Started, Wished
from monitor.core.findings import Cause
from monitor.core.wishes import Want, Wish
from tests.app.configurations import loaded
from tests.app.daemons import StillClock, assembled
from tests.core.play import confirmed, created, finalized, meta, processed, tx
from tests.runtime.test_delivery import transaction

TEXT = """\
endpoints:
  - {name: ams, url: "http://127.0.0.1:1", region: europe}
  - {name: nyc, url: "http://127.0.0.1:1", provider: two, priority: 7}
state_dir: state
commitment: {strategy: fixed, level: confirmed}
monitors:
  - {name: one, transactions: {}}
  - {name: two, transactions: {}}
sinks:
  - {name: both, kind: stdout, monitors: [one, two]}
  - {name: single, kind: "null", monitors: [two]}
"""


def daemon(directory: Path, clock: StillClock | None = None) -> Daemon:
    made = assembled(loaded(directory, TEXT), clock=clock)
    made.driver.kernel.handle(Started(), 0.0)
    return made


def test_before_anything_came_every_endpoint_and_sink_is_there_and_nothing_is_invented(
    tmp_path: Path,
) -> None:
    counts = snapshot(daemon(tmp_path), "plain")
    assert list(counts.endpoints) == ["ams", "nyc"]
    assert list(counts.sinks) == ["both", "single"]
    assert (counts.frontiers, counts.tip_slot) == ({}, None)
    assert (set(counts.slots), sum(counts.slots.values())) == (set(SlotEnd), 0)
    assert (counts.gaps, counts.open_slots, counts.coverage) == (0, 0, None)
    assert (counts.durable_slot, counts.store_failures) == (None, 0)
    ams = counts.endpoints["ams"]
    assert (ams.messages, ams.frames_bytes, ams.open_feeds, ams.errors) == ({}, 0, 0, {})
    assert (ams.last_message_age, ams.reader) == (None, "plain")


def test_the_commitment_and_what_was_taken_back_are_told(tmp_path: Path) -> None:
    made = daemon(tmp_path)
    counts = snapshot(made, "plain")
    assert (counts.commitment, counts.undos) == (Commitment.CONFIRMED, 0)
    assert counts.commitment_decisions == {"tightened": 0, "loosened": 0}
    made.delivery.events |= {(0, Kind.UNDO, 1): 2, (0, Kind.UNDO, 3): 1, (1, Kind.UNDO, 2): 1}
    assert snapshot(made, "plain").undos == 3


def test_traffic_is_told_by_endpoint_and_kind(tmp_path: Path) -> None:
    clock = StillClock()
    made = daemon(tmp_path, clock)
    traffic = made.driver.traffic[1]
    traffic.kinds.update([Kind.TRANSACTION, Kind.TRANSACTION, Kind.PING])
    traffic.frames_bytes, traffic.last_at, traffic.open_feeds = 300, clock.seconds, 1
    clock.seconds += 2.5
    nyc = snapshot(made, "plain").endpoints["nyc"]
    assert nyc.messages == {"transaction": 2, "ping": 1}
    assert (nyc.frames_bytes, nyc.open_feeds, nyc.last_message_age) == (300, 1, 2.5)


def test_the_chain_is_told_by_level(tmp_path: Path) -> None:
    made = daemon(tmp_path)
    kernel = made.driver.kernel
    rows = [created(5), tx(5, 0), meta(5, height=3), processed(5), confirmed(5)]
    kernel.handle(FramesArrived(1, rows), 0.0)
    kernel.handle(FramesArrived(2, rows[:3]), 0.0)
    counts = snapshot(made, "plain")
    assert counts.frontiers == {"processed": 5, "confirmed": 5}
    assert counts.tip_slot == 5
    assert counts.endpoints["nyc"].duplicates == 2
    kernel.handle(FramesArrived(1, [finalized(5)]), 0.0)
    kernel.tick(3.0)
    counts = snapshot(made, "plain")
    assert counts.frontiers == {"processed": 5, "confirmed": 5, "finalized": 5}
    assert counts.coverage == Coverage(complete=1, produced=1, by_height=True)
    assert {state: count for state, count in counts.slots.items() if count} == {"complete": 1}
    assert (counts.gaps, counts.open_slots) == (0, 0)


def test_a_partial_slot_stays_counted_when_it_is_completed(tmp_path: Path) -> None:
    made = daemon(tmp_path)
    kernel = made.driver.kernel
    kernel.handle(FramesArrived(1, [created(5), meta(5, transactions=0), processed(5)]), 0.0)
    rows = [created(6), tx(6, 0), meta(6, transactions=2), finalized(6)]
    kernel.handle(FramesArrived(1, rows), 0.0)
    kernel.tick(60.0)
    counts = snapshot(made, "plain")
    assert (counts.slots["partial"], counts.slots["complete"]) == (1, 1)
    assert (counts.gaps, counts.open_slots) == (1, 1)
    kernel.handle(FramesArrived(2, [created(6), tx(6, 1), meta(6, transactions=2)]), 61.0)
    counts = snapshot(made, "plain")
    assert (counts.slots["partial"], counts.slots["complete"]) == (1, 2)
    assert (counts.gaps, counts.open_slots) == (1, 0)


def test_what_each_endpoint_is_like_is_told(tmp_path: Path) -> None:
    made = daemon(tmp_path)
    health = made.driver.kernel.health
    health.audited(1, 5, 2, 0.0)
    health.roles[1] = Role.WARM
    states = snapshot(made, "plain").states
    assert [state.health.endpoint for state in states.values()] == [0, 1]
    ams, nyc = states["ams"], states["nyc"]
    assert (ams.region, ams.role, ams.health.trust, ams.findings) == ("europe", Role.HOT, 1.0, {})
    assert (nyc.role, nyc.findings) == (Role.WARM, {Cause.AUDIT: 1})
    assert nyc.health.trust < 1.0
    assert (nyc.health.provider, nyc.health.priority) == ("two", 7)


def test_when_a_drain_and_a_promotion_end_is_told_each_by_its_name(tmp_path: Path) -> None:
    clock = StillClock()
    made = daemon(tmp_path, clock)
    kernel, now = made.driver.kernel, clock.seconds
    for want, ends in ((Want.DRAIN, (60.0, None)), (Want.PROMOTE, (None, 60.0))):
        kernel.handle(Wished(Wish(want, 1, 60.0)), now)
        nyc = snapshot(made, "plain").states["nyc"]
        assert (nyc.drain_ends_in, nyc.promotion_ends_in) == ends


def test_who_is_drained_is_told(tmp_path: Path) -> None:
    made = daemon(tmp_path)
    kernel = made.driver.kernel
    kernel.handle(Wished(Wish(Want.DRAIN, 1)), 0.0)
    states = snapshot(made, "plain").states
    assert {name: state.health.is_drained for name, state in states.items()} == {
        "ams": False,
        "nyc": True,
    }
    kernel.handle(Wished(Wish(Want.PROMOTE, 1)), 0.0)
    assert not snapshot(made, "plain").states["nyc"].health.is_drained


def test_how_far_the_books_are_is_told(tmp_path: Path) -> None:
    made = daemon(tmp_path)
    made.books.durable_slot, made.books.failures = 4, 2
    counts = snapshot(made, "plain")
    assert (counts.durable_slot, counts.store_failures) == (4, 2)


def test_what_an_endpoint_missed_is_told(tmp_path: Path) -> None:
    made = daemon(tmp_path)
    made.driver.kernel.tally.missed[1] = 4
    endpoints = snapshot(made, "plain").endpoints
    assert [counts.missed for counts in endpoints.values()] == [0, 4]


def test_endings_are_told_by_reason(tmp_path: Path) -> None:
    made = daemon(tmp_path)
    ending = Ending(EndReason.LAGGED, "INTERNAL", "lagged")
    made.driver.kernel.handle(FeedEnded(1, ending, 0.0), 0.0)
    assert snapshot(made, "plain").endpoints["ams"].errors == {"lagged": 1}


def test_what_sinks_took_and_refused_is_told(tmp_path: Path) -> None:
    made = daemon(tmp_path)
    made.outboxes[0].written, made.outboxes[1].failures = 12, 3
    sinks = snapshot(made, "plain").sinks
    assert [(counts.records, counts.failures) for counts in sinks.values()] == [(12, 0), (0, 3)]


async def test_events_are_told_for_each_monitor_of_each_sink(tmp_path: Path) -> None:
    made = daemon(tmp_path)
    made.delivery.hand_on(Release(Commitment.CONFIRMED, [transaction(0b11), transaction(0b10, 1)]))
    counts = snapshot(made, "plain")
    assert counts.sinks["both"].events == {("one", "transaction"): 1, ("two", "transaction"): 2}
    assert counts.sinks["single"].events == {("two", "transaction"): 2}
    assert counts.sinks["both"].queued_bytes == made.outboxes[0].queued_bytes > 0


def test_what_was_given_up_is_told_by_reason(tmp_path: Path) -> None:
    made = daemon(tmp_path)
    made.delivery.malformed = 3
    made.driver.kernel.tally.stale, made.driver.kernel.tally.shed = 2, 1
    assert snapshot(made, "plain").shed == {"stale": 2, "memory": 1, "malformed": 3}


def test_the_exposition_reads_the_counts_of_the_moment(tmp_path: Path) -> None:
    made = daemon(tmp_path)
    shown = exposition(made, "plain")
    before = shown.text()
    made.delivery.malformed = 3
    assert b'chain_monitor_shed_total{reason="malformed"} 3.0' not in before
    assert b'chain_monitor_shed_total{reason="malformed"} 3.0' in shown.text()


def test_what_an_endpoint_replayed_twice_counts_for_it(tmp_path: Path) -> None:
    made = daemon(tmp_path)
    kernel = made.driver.kernel
    kernel.tally.duplicates[1] = 3
    kernel.tally.duplicates[kernel.origins.replay(1)] = 4
    assert [each.duplicates for each in snapshot(made, "plain").endpoints.values()] == [0, 7]
