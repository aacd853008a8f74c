"""Readiness: what must be there before the daemon says it does its work."""

from pathlib import Path

from monitor.app.readiness import ending_words, unready
from monitor.app.wiring import Daemon
from monitor.core.endings import Ending, EndReason
from monitor.core.events import FeedEnded, FeedOpened, FramesArrived, Started
from tests.app.daemons import NOBODY, assembled, configuration
from tests.core.play import created, meta

NO_SLOT = "no feed has brought a whole slot yet"


def watching(directory: Path) -> Daemon:
    """A daemon whose kernel has begun, and whose two endpoints have accepted its streams."""
    daemon = assembled(configuration(directory, {"ams": NOBODY, "nyc": NOBODY}))
    kernel = daemon.driver.kernel
    kernel.handle(Started(), 0.0)
    for feed in (1, 2):
        kernel.handle(FeedOpened(feed), 0.0)
    return daemon


def test_a_daemon_that_has_not_begun_is_not_ready(tmp_path: Path) -> None:
    assert unready(watching(tmp_path)) == ["sink file is not open", NO_SLOT]


async def test_open_sinks_are_no_reason(tmp_path: Path) -> None:
    daemon = watching(tmp_path)
    await daemon.outboxes[0].open()
    assert unready(daemon) == [NO_SLOT]


async def test_a_sink_that_fails_is_told_with_its_error_until_it_recovers(tmp_path: Path) -> None:
    daemon = watching(tmp_path)
    (outbox,) = daemon.outboxes
    await outbox.open()
    outbox.errors["writing"] = "events.jsonl: No space left on device; make room"
    assert unready(daemon) == [
        "sink file fails: events.jsonl: No space left on device; make room",
        NO_SLOT,
    ]
    outbox.errors.clear()
    assert unready(daemon) == [NO_SLOT]


def test_a_store_that_fails_is_told_with_its_error(tmp_path: Path) -> None:
    daemon = watching(tmp_path)
    daemon.books.failing = "ledger.sqlite: disk full; make room"
    assert "the ledger's store fails: ledger.sqlite: disk full; make room" in unready(daemon)


async def test_one_whole_slot_of_one_feed_is_enough(tmp_path: Path) -> None:
    daemon = watching(tmp_path)
    await daemon.outboxes[0].open()
    daemon.driver.kernel.handle(FramesArrived(2, [created(5)]), 0.0)
    assert unready(daemon) == [NO_SLOT]
    daemon.driver.kernel.handle(FramesArrived(2, [meta(5)]), 0.0)
    assert unready(daemon) == []


async def test_endpoints_that_do_not_stream_are_named_with_their_last_ending(
    tmp_path: Path,
) -> None:
    daemon = assembled(configuration(tmp_path, {"ams": NOBODY, "nyc": NOBODY, "tyo": NOBODY}))
    await daemon.outboxes[0].open()
    kernel = daemon.driver.kernel
    kernel.handle(Started(), 0.0)
    kernel.handle(FeedOpened(3), 0.0)
    ending = Ending(EndReason.AUTH, "UNAUTHENTICATED", "no valid\nauth token")
    kernel.handle(FeedEnded(1, ending, 0.0), 0.0)
    assert unready(daemon) == [
        NO_SLOT,
        "endpoint ams is not streaming: auth (no valid auth token)",
        "endpoint nyc is not streaming: it has not answered yet",
    ]


async def test_an_endpoint_that_fails_beside_one_that_advances_is_no_reason(tmp_path: Path) -> None:
    daemon = watching(tmp_path)
    await daemon.outboxes[0].open()
    kernel = daemon.driver.kernel
    kernel.handle(FramesArrived(2, [created(5), meta(5)]), 0.0)
    kernel.handle(FeedEnded(1, Ending(EndReason.END, "OK", ""), 0.0), 0.0)
    assert unready(daemon) == []


def test_an_ending_without_a_text_is_told_by_its_code() -> None:
    assert ending_words(Ending(EndReason.END, "OK", "")) == "end (OK)"
