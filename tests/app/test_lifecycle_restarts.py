"""A daemon that starts again: where it goes on, what it knows, and stores that it cannot use."""

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import anyio
import orjson
import pytest

from monitor.adapters.stores.ledger import SqliteLedger
from monitor.app.configuration import Configuration
from monitor.app.lifecycle import STORE, running
from monitor.app.views import endpoints
from monitor.app.wiring import Daemon
from monitor.app.wishing import wished
from monitor.core.errors import StoreFailed
from monitor.core.wishes import Want
from monitor.runtime.bookkeeping import BEGINNING
from tests.app.daemons import NOBODY, assembled, cluster, configuration, surroundings, until
from tests.runtime.fakes import DurableMemory, Journal, MemoryLedger
from tests.runtime.test_resumption import store_with_open_slots

pytestmark = pytest.mark.real_time

WENT_ON = "the daemon went on where it had stopped"


async def watch_until_settled(watched: Configuration, journal: Journal, slots: int) -> int:
    """Run until so many more slots are safe and stored; the last of them."""
    async with running(watched, surroundings(journal)) as daemon:
        begun = await _durable(daemon, 0)
        return await _durable(daemon, begun + slots)


async def _durable(daemon: Daemon, slot: int) -> int:
    async def is_reached() -> bool:
        return (daemon.books.durable_slot or -1) >= slot

    await until(is_reached)
    return daemon.books.durable_slot or 0


def records(directory: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in (directory / "events.jsonl").read_bytes().splitlines()]


async def test_goes_on_behind_what_was_settled_and_writes_nothing_twice(tmp_path: Path) -> None:
    journal = Journal()
    with cluster("ams", "nyc") as simulated:
        watched = configuration(tmp_path, simulated.endpoints)
        first = await watch_until_settled(watched, journal, 3)
        assert WENT_ON not in journal.sentences()
        last = await watch_until_settled(watched, journal, 20)
    (went_on,) = [report for report in journal.reports if report.sentence == WENT_ON]
    assert went_on.facts["slot"] > first
    written = Counter(record["id"] for record in records(tmp_path))
    assert max(written.values()) == 1
    found = {record["slot"] for record in records(tmp_path) if record["kind"] == "transaction"}
    store = SqliteLedger(tmp_path / "state" / STORE)
    kept = store.slots(min(found), last + 1, 10_000)
    store.close()
    assert [slot.slot for slot in kept] == list(range(min(found), last + 1))
    assert {slot.slot for slot in kept if slot.end == "complete"} <= found


async def test_a_drain_outlives_the_process_and_one_for_a_while_does_not(tmp_path: Path) -> None:
    async def is_off(daemon: Daemon, *names: str) -> bool:
        told = endpoints(daemon)["endpoints"]
        assert isinstance(told, list)
        assert {each["endpoint"] for each in told if each["drained"]} == set(names)
        return {each["endpoint"] for each in told if each["role"] == "off"} == set(names)

    journal = Journal()
    with cluster("ams", "nyc", "tyo") as simulated:
        watched = configuration(tmp_path, simulated.endpoints)
        async with running(watched, surroundings(journal)) as daemon:
            await _durable(daemon, 1)
            assert (await wished(daemon, Want.DRAIN, "nyc"))["unstored"] is None
            await wished(daemon, Want.DRAIN, "tyo", 3600.0)
            await until(lambda: is_off(daemon, "nyc", "tyo"))
        async with running(watched, surroundings(journal)) as daemon:
            await until(lambda: is_off(daemon, "nyc"))
            assert (await wished(daemon, Want.RELEASE, "nyc"))["outcome"] == "released"
        async with running(watched, surroundings(journal)) as daemon:
            await until(lambda: is_off(daemon))
    stayed = [each for each in journal.reports if each.sentence == "an endpoint stayed drained"]
    assert [report.facts["endpoint"] for report in stayed] == ["nyc"]


async def test_the_level_of_the_last_stop_is_known_and_what_sinks_tell_besides_is_stored(
    tmp_path: Path,
) -> None:
    with cluster("ams") as simulated:
        watched = configuration(tmp_path, simulated.endpoints)
        last = await watch_until_settled(watched, Journal(), 3)
        later = last + 10_000
        with (tmp_path / "events.jsonl").open("a") as file:
            for record_id, kind in (
                (f"{later}:commitment:finalized", "commitment"),
                (f"{later + 1}:entry:1", "entry"),
            ):
                slot = record_id.partition(":")[0]
                file.write(
                    f'{{"id":"{record_id}","kind":"{kind}","monitors":["all"],"slot":{slot},\n'
                )
        async with running(watched, surroundings()) as daemon:
            found = daemon.outset.inheritance.found
            assert [(each.first_slot, each.level.name) for each in found] == [(later, "FINALIZED")]
            assert daemon.outset.inheritance.switches[0].level.name == "PROCESSED"
    store = SqliteLedger(tmp_path / "state" / STORE)
    begun, switched, back = [stored.switch for stored in store.switches()]
    store.close()
    assert (begun.level, begun.came_from, begun.reason) == (0, 0, BEGINNING)
    assert switched == found[0]
    assert (back.level, back.came_from, back.reason) == (0, 2, "the configuration says so")


async def test_a_sink_that_lacks_an_undo_that_another_has_gets_it_at_the_start(
    tmp_path: Path,
) -> None:
    both = (
        "{name: one, kind: jsonl, monitors: [all], path: one.jsonl}\n"
        "  - {name: two, kind: jsonl, monitors: [all], path: two.jsonl}"
    )
    with cluster("ams") as simulated:
        watched = configuration(tmp_path, simulated.endpoints, sinks=both)
        last = await watch_until_settled(watched, Journal(), 3)
        slot = last + 10_000
        for name, ids in (("one", ["entry:1", "undo:0"]), ("two", ["entry:1"])):
            with (tmp_path / f"{name}.jsonl").open("a") as file:
                for key in ids:
                    kind = key.partition(":")[0]
                    file.write(
                        f'{{"id":"{slot}:{key}","kind":"{kind}","monitors":["all"],"slot":{slot},\n'
                    )
        async with running(watched, surroundings()):
            pass
    for name in ("one", "two"):
        assert (tmp_path / f"{name}.jsonl").read_text().count(f'"{slot}:undo:0"') == 1


async def test_a_state_directory_that_was_deleted_is_a_start_at_the_tip(tmp_path: Path) -> None:
    journal = Journal()
    with cluster("ams") as simulated:
        watched = configuration(tmp_path, simulated.endpoints)
        await watch_until_settled(watched, journal, 1)
        shutil.rmtree(tmp_path / "state")
        await watch_until_settled(watched, journal, 1)
    assert WENT_ON not in journal.sentences()


async def test_a_store_that_cannot_be_used_ends_the_start_before_a_sink_is_touched(
    tmp_path: Path,
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / STORE).write_bytes(b"something else " * 100)
    with pytest.raises(StoreFailed, match=r"ledger\.sqlite: file is not a database; move it away"):
        async with running(configuration(tmp_path, {"ams": NOBODY}), surroundings()):
            pass
    assert not (tmp_path / "events.jsonl").exists()


def test_the_kernel_begins_where_the_store_says(tmp_path: Path) -> None:
    watched = configuration(tmp_path, {"ams": NOBODY})
    daemon = assembled(watched, store=MemoryLedger(settled=99))
    assert daemon.outset.resumed.resume_slot == 100
    assert daemon.driver.kernel.join.floor == 100


def test_the_kernel_knows_the_heights_of_blocks_that_are_missing(tmp_path: Path) -> None:
    watched = configuration(tmp_path, {"ams": NOBODY}, more="start_slot: 14\n")
    daemon = assembled(watched, store=store_with_open_slots())
    assert daemon.driver.kernel.join.ledger.height_of(11) == 11
    assert daemon.driver.kernel.join.ledger.height_of(9) == 9


def test_a_start_slot_behind_the_store_is_obeyed(tmp_path: Path) -> None:
    watched = configuration(tmp_path, {"ams": NOBODY}, more="start_slot: 150\n")
    daemon = assembled(watched, store=MemoryLedger(settled=99))
    assert (daemon.outset.resumed.resume_slot, daemon.driver.kernel.join.floor) == (None, 150)


async def test_what_is_queued_before_the_store_knows_the_sink_is_written_at_the_stop(
    tmp_path: Path,
) -> None:
    sink = DurableMemory()
    watched = configuration(tmp_path, {"ams": NOBODY})
    async with running(watched, surroundings(make=lambda *_: sink)) as daemon:
        daemon.outboxes[0].put(b"a record\n", 5)
        await anyio.wait_all_tasks_blocked()
        assert sink.lines == []
    assert sink.lines == [b"a record\n"]
