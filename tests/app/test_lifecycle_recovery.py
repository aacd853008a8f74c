"""A daemon with an RPC on a simulated cluster: what no stream brings is fetched, and its records say so."""

from pathlib import Path

import anyio
import anyio.to_thread
import orjson
import pytest

from monitor.app.configuration import Configuration
from monitor.app.lifecycle import running
from monitor.core.certificates import SlotEnd
from monitor.core.errors import CatchUpRefused
from monitor.simulator.cluster import Cluster
from tests.app.configurations import loaded
from tests.app.daemons import cluster, surroundings, until
from tests.patience import PATIENCE
from tests.runtime.fakes import Journal

pytestmark = pytest.mark.real_time


def watched(directory: Path, simulated: Cluster, more: str = "") -> Configuration:
    """Everything of every endpoint at confirmed, into a file."""
    endpoints = "".join(
        f'  - {{name: {name}, url: "{url}"}}\n' for name, url in simulated.endpoints.items()
    )
    return loaded(
        directory,
        f"""\
endpoints:
{endpoints}state_dir: state
rpc: [{{name: main, url: "{simulated.rpc_url}"}}]
commitment: {{level: confirmed}}
monitors: [{{name: all, transactions: {{}}}}, {{name: metas, blocks_meta: {{}}}}]
sinks: [{{name: file, kind: jsonl, monitors: [all, metas], path: events.jsonl}}]
api: {{listen: "127.0.0.1:0"}}
{more}""",
    )


async def test_what_no_stream_brings_comes_from_an_rpc(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"

    async def is_recovered() -> bool:
        return b'"source":"rpc","endpoint":"main"' in events.read_bytes()

    with cluster("ams", "nyc") as simulated:
        async with running(watched(tmp_path, simulated), surroundings()) as daemon:
            await anyio.to_thread.run_sync(simulated.fault, "all", "drop-tx", "0.15")
            await until(is_recovered)
            (tally,) = daemon.recovering.blocks.tallies if daemon.recovering.blocks else ()
            assert tally.calls > 0
    records = [orjson.loads(line) for line in events.read_bytes().splitlines()]
    assert len({record["id"] for record in records}) == len(records)
    metas = {
        r["slot"]: r["executed_transaction_count"] for r in records if r["kind"] == "block_meta"
    }
    indexes: dict[int, list[int]] = {slot: [] for slot in metas}
    for record in records:
        if record["kind"] == "transaction" and record["slot"] in metas:
            indexes[record["slot"]].append(record["index"])
    of_rpc = {record["slot"] for record in records if record["source"] == "rpc"}
    whole = {slot for slot, count in metas.items() if sorted(indexes[slot]) == list(range(count))}
    assert of_rpc & whole


async def test_no_rpc_is_asked_while_recovery_is_off(tmp_path: Path) -> None:
    with cluster("ams") as simulated:
        off = watched(tmp_path, simulated, "recovery: {enabled: false}\n")
        async with running(off, surroundings()) as daemon:
            await anyio.to_thread.run_sync(simulated.fault, "ams", "drop-tx", "0.2")

            async def has_gaps() -> bool:
                return daemon.driver.kernel.open_slots() > 3

            await until(has_gaps)
            assert daemon.recovering.blocks is None
            assert daemon.driver.kernel.standing().jobs == {}


async def watched_for_a_while(configuration: Configuration) -> None:
    """Until slots are settled and on the disk."""
    async with running(configuration, surroundings()) as daemon:

        async def is_settled() -> bool:
            return (daemon.books.durable_slot or 0) > 0

        await until(is_settled)


async def test_a_gap_longer_than_allowed_is_refused_with_what_can_be_chosen(tmp_path: Path) -> None:
    with cluster("ams") as simulated:
        await watched_for_a_while(watched(tmp_path, simulated))
        strict = watched(tmp_path, simulated, "recovery: {max_catchup_slots: 1}\n")
        with pytest.raises(CatchUpRefused, match=r"recovery\.on_catchup_exceeded"):
            async with running(strict, surroundings()):
                await anyio.sleep(PATIENCE)


@pytest.mark.parametrize("choice", ["skip", "catch_up"])
async def test_a_gap_longer_than_allowed_is_skipped_or_caught_up_with_if_so_chosen(
    tmp_path: Path, choice: str
) -> None:
    more = f"recovery: {{max_catchup_slots: 1, on_catchup_exceeded: {choice}}}\n"
    journal = Journal()
    with cluster("ams") as simulated:
        await watched_for_a_while(watched(tmp_path, simulated))
        again = watched(tmp_path, simulated, more)
        async with running(again, surroundings(journal)) as daemon:
            first = daemon.outset.resumed.first or 0

            async def goes_on() -> bool:
                return (daemon.books.durable_slot or 0) > first + 20

            await until(goes_on)
            ends = {slot.end for slot in await daemon.books.slots(first, first + 20, 20)}
    skipped = "the gap since the last run was skipped" in journal.sentences()
    assert (skipped, SlotEnd.LOST in ends) == ((True, True) if choice == "skip" else (False, False))
