"""The status: what a person who asks the daemon is told."""

from pathlib import Path
from typing import Any, cast

import orjson

from monitor.adapters.metrics.snapshot import Snapshot
from monitor.app.commitment_view import CONFIGURED
from monitor.app.views import (
    NEWEST_DECISIONS,
    answers,
    commitment,
    coverage_of,
    endpoints,
    recovery,
    status,
)
from monitor.app.wiring import Daemon
from monitor.core.certificates import Certificate, Coverage, SlotEnd
from monitor.core.endings import Ending, EndReason
from monitor.core.events import FeedEnded, FeedOpened, FramesArrived, Started
from monitor.core.failover import Explanation, What
from monitor.stored import SlotTally
from tests.app.daemons import NOBODY, StillClock, assembled, configuration
from tests.core.play import confirmed, created, finalized, meta, processed, tx
from tests.runtime.test_probing import PROFILE


def watching(directory: Path, clock: StillClock | None = None) -> Daemon:
    """A daemon with two endpoints whose kernel has begun."""
    made = assembled(configuration(directory, {"ams": NOBODY, "nyc": NOBODY}), clock=clock)
    made.driver.kernel.handle(Started(), 0.0)
    return made


def test_a_daemon_that_has_seen_nothing_says_why_it_is_not_ready(tmp_path: Path) -> None:
    told = status(watching(tmp_path))
    assert told["ready"] is False
    assert told["reasons"] == [
        "sink file is not open",
        "no feed has brought a whole slot yet",
        "endpoint ams is not streaming: it has not answered yet",
        "endpoint nyc is not streaming: it has not answered yet",
    ]
    assert (told["frontiers"], told["tip_slot"], told["slots"]) == ({}, None, {})


def test_the_status_tells_the_commitment_in_short(tmp_path: Path) -> None:
    made = watching(tmp_path)
    short = {"level": "processed", "since_slot": None, "reason": CONFIGURED}
    assert status(made)["commitment"] == short
    assert commitment(made).items() > (short | {"strategy": "fixed", "pinned": None}).items()


async def test_a_slot_that_closed_is_in_the_frontiers_and_the_counts(tmp_path: Path) -> None:
    made = watching(tmp_path)
    await made.outboxes[0].open()
    kernel = made.driver.kernel
    rows = [created(5), tx(5, 0), meta(5, height=3), processed(5), confirmed(5), finalized(5)]
    kernel.handle(FramesArrived(1, rows), 0.0)
    kernel.tick(3.0)
    made.books.durable_slot = 4
    told = status(made)
    assert (told["ready"], told["reasons"]) == (True, [])
    assert told["frontiers"] == {"processed": 5, "confirmed": 5, "finalized": 5}
    assert (told["durable_slot"], told["tip_slot"]) == (4, 5)
    assert told["slots"] == {"complete": 1}
    assert told["coverage"] == {"complete": 1, "produced": 1, "counted_by": "block_height"}


def test_each_endpoint_says_its_feeds_its_last_ending_and_its_losses(tmp_path: Path) -> None:
    clock = StillClock()
    made = watching(tmp_path, clock)
    kernel = made.driver.kernel
    kernel.handle(FeedOpened(2), 0.0)
    made.driver.traffic[1].open_feeds = 1
    made.driver.traffic[1].last_at = clock.seconds - 0.25
    kernel.tally.duplicates[1], kernel.tally.missed[1] = 7, 3
    kernel.handle(FeedEnded(1, Ending(EndReason.LAGGED, "INTERNAL", "lagged"), 0.0), 0.0)
    assert status(made)["endpoints"] == [
        {
            "endpoint": "ams",
            "region": "",
            "provider": "",
            "open_feeds": 0,
            "last_message_age": None,
            "last_ending": {"reason": "lagged", "code": "INTERNAL", "text": "lagged"},
            "duplicates": 0,
            "missed": 0,
        },
        {
            "endpoint": "nyc",
            "region": "",
            "provider": "",
            "open_feeds": 1,
            "last_message_age": 0.25,
            "last_ending": None,
            "duplicates": 7,
            "missed": 3,
        },
    ]


def test_each_sink_says_what_waits_and_what_failed(tmp_path: Path) -> None:
    made = watching(tmp_path)
    (outbox,) = made.outboxes
    outbox.queued_bytes, outbox.written, outbox.failures = 90, 31, 2
    outbox.errors["writing"] = "events.jsonl: No space left on device; make room"
    assert status(made)["sinks"] == [
        {
            "sink": "file",
            "file": str(tmp_path / "events.jsonl"),
            "queued_bytes": 90,
            "records": 31,
            "failures": 2,
            "failing": "events.jsonl: No space left on device; make room",
        }
    ]


def test_what_all_slots_came_to_over_restarts_is_told_once_it_is_known(tmp_path: Path) -> None:
    made = watching(tmp_path)
    assert status(made)["slots_stored"] is None
    made.books.tally = SlotTally({SlotEnd.SKIPPED: 7, SlotEnd.COMPLETE: 90}, {SlotEnd.COMPLETE: 40})
    told = {"ever": {"complete": 90, "skipped": 7}, "kept": {"complete": 40}}
    assert status(made)["slots_stored"] == told


def test_a_store_that_fails_is_told(tmp_path: Path) -> None:
    made = watching(tmp_path)
    made.books.failures, made.books.failing = 2, "ledger.sqlite: disk full; make room"
    told = status(made)
    assert told["store"] == {"failures": 2, "failing": "ledger.sqlite: disk full; make room"}


def test_a_sink_without_a_file_says_so(tmp_path: Path) -> None:
    sinks = '{name: none, kind: "null", monitors: [all]}'
    made = assembled(configuration(tmp_path, {"ams": NOBODY}, sinks=sinks))
    (told,) = cast(Any, status(made)["sinks"])
    assert (told["sink"], told["file"]) == ("none", None)


def test_each_endpoint_says_what_was_decided_about_it_the_newest_first(tmp_path: Path) -> None:
    made = watching(tmp_path)
    made.driver.kernel.decisions.add(
        Explanation(float(at), What.DRAINED, f"the {at}th", at % 2)
        for at in range(2 * NEWEST_DECISIONS + 4)
    )
    told: Any = endpoints(made)["endpoints"]
    nyc = [decision["why"] for decision in told[1]["decisions"]]
    assert nyc == [f"the {at}th" for at in range(43, 3, -2)]
    assert told[1]["decisions"][0]["from"] == "nyc"


def test_each_endpoint_says_what_it_is_like_and_what_was_found_against_it(tmp_path: Path) -> None:
    made = watching(tmp_path)
    kernel = made.driver.kernel
    kernel.handle(FeedEnded(1, Ending(EndReason.END, "OK", ""), 0.0), 0.0)
    kernel.health.audited(1, 5, 2, 0.0)
    made.probing.profiles[1] = PROFILE
    told: Any = endpoints(made)["endpoints"]
    ams, nyc = told
    assert (ams["endpoint"], ams["errors"], ams["findings"]) == ("ams", {"end": 1}, [])
    assert ams["last_ending"] == {"reason": "end", "code": "OK", "text": ""}
    assert (nyc["endpoint"], nyc["last_ending"], nyc["findings"][0]["slot"]) == ("nyc", None, 5)
    assert (ams["profile"], nyc["profile"]["version"]) == (None, "richat 10.0.0")
    assert answers(made).endpoints() == endpoints(made)


def test_each_endpoint_says_what_it_carries_where_monitors_are_divided(tmp_path: Path) -> None:
    made = watching(tmp_path)
    made.driver.kernel.connections.all[1].carried = 0b1
    told: Any = endpoints(made)["endpoints"]
    assert [each["carries"] for each in told] == [None, ["all"]]


async def test_slots_are_those_of_the_books(tmp_path: Path) -> None:
    made = watching(tmp_path)
    given = answers(made)
    assert given.newest_slot() is None
    assert await given.slots(0, 100, 100) == []
    made.books.certify([Certificate(7, SlotEnd.SKIPPED, "parent link of 8")])
    assert given.newest_slot() == 7
    (stored,) = await given.slots(0, 100, 100)
    assert (stored.slot, stored.end, stored.proof) == (7, "skipped", "parent link of 8")


def test_coverage_says_what_it_was_counted_by() -> None:
    heights = Coverage(complete=87, produced=88, by_height=True)
    links = Coverage(complete=88, produced=88, by_height=False)
    told = {"complete": 87, "produced": 88, "counted_by": "block_height"}
    assert coverage_of(Snapshot(coverage=heights)) == told
    assert coverage_of(Snapshot(coverage=links)) == {
        "complete": 88,
        "produced": 88,
        "counted_by": "parent_slot",
    }
    assert coverage_of(Snapshot()) is None


def test_recovery_is_told_with_the_coverage_of_the_moment(tmp_path: Path) -> None:
    made = watching(tmp_path)
    assert recovery(made)["coverage"] is None
    kernel = made.driver.kernel
    rows = [created(5), tx(5, 0), meta(5, height=3), processed(5), confirmed(5), finalized(5)]
    kernel.handle(FramesArrived(1, rows), 0.0)
    kernel.tick(3.0)
    told = recovery(made)
    assert told["coverage"] == {"complete": 1, "produced": 1, "counted_by": "block_height"}
    assert (told["open_slots"], told["lost"], told["rpcs"]) == (0, 0, [])
    assert answers(made).recovery() == told
    assert orjson.loads(orjson.dumps(told)) == told


def test_the_status_is_plain_json(tmp_path: Path) -> None:
    made = watching(tmp_path)
    made.driver.kernel.handle(FeedEnded(1, Ending(EndReason.END, "OK", ""), 0.0), 0.0)
    assert orjson.loads(orjson.dumps(status(made))) == status(made)


def test_the_api_gets_the_daemon_of_the_moment(tmp_path: Path) -> None:
    made = watching(tmp_path)
    given = answers(made)
    made.delivery.malformed = 3
    assert b'chain_monitor_shed_total{reason="malformed"} 3.0' in given.metrics()
    assert given.ready()[0] == "sink file is not open"
    assert given.status() == status(made)
