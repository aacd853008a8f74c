"""Readiness: what must be there before the daemon says it does its work."""

from pathlib import Path

from monitor.app.readiness import unready
from monitor.app.wiring import Daemon
from monitor.core.events import FramesArrived, Started
from tests.app.daemons import NOBODY, assembled, configuration
from tests.core.play import created, meta

NO_SLOT = "no feed has brought a whole slot yet"


def watching(directory: Path) -> Daemon:
    """A daemon whose kernel has begun."""
    daemon = assembled(configuration(directory, {"ams": NOBODY, "nyc": NOBODY}))
    daemon.driver.kernel.handle(Started(), 0.0)
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
    outbox.failing = "events.jsonl: No space left on device; make room"
    assert unready(daemon) == [
        "sink file fails: events.jsonl: No space left on device; make room",
        NO_SLOT,
    ]
    outbox.failing = None
    assert unready(daemon) == [NO_SLOT]


async def test_one_whole_slot_of_one_feed_is_enough(tmp_path: Path) -> None:
    daemon = watching(tmp_path)
    await daemon.outboxes[0].open()
    daemon.driver.kernel.handle(FramesArrived(2, [created(5)]), 0.0)
    assert unready(daemon) == [NO_SLOT]
    daemon.driver.kernel.handle(FramesArrived(2, [meta(5)]), 0.0)
    assert unready(daemon) == []
