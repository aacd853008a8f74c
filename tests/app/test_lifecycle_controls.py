"""What can be asked of a daemon that runs, and over its control socket, from its start to its stop."""

from pathlib import Path

import anyio.to_thread
import orjson
import pytest

from monitor.adapters.http.control_address import bind
from monitor.adapters.stores.ledger import SqliteLedger
from monitor.app.control_client import sign_off
from monitor.app.lifecycle import STORE, running
from monitor.app.wiring import Daemon
from monitor.core.certificates import SlotEnd
from monitor.core.errors import DaemonNotAsked, ListenRefused
from monitor.core.jobs import Job, JobState
from monitor.core.rungs import Rung
from monitor.stored import StoredSlot
from tests.app.daemons import NOBODY, configuration, get, surroundings, until
from tests.runtime.fakes import MemorySink

pytestmark = pytest.mark.real_time


async def test_the_control_socket_answers_while_the_daemon_runs(tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with running(configuration(tmp_path, {"ams": NOBODY}), surroundings()):
        assert (state / "control.sock").stat().st_mode & 0o777 == 0o600
        with pytest.raises(DaemonNotAsked, match="slot 7 is not lost"):
            await anyio.to_thread.run_sync(sign_off, state, 7, "seen by hand")
    assert not (state / "control.sock").exists()


async def test_the_socket_of_a_killed_daemon_does_not_keep_the_next_one_from_starting(
    tmp_path: Path,
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    bind(state / "control.sock").close()
    async with running(configuration(tmp_path, {"ams": NOBODY}), surroundings()):
        with pytest.raises(DaemonNotAsked, match="slot 7 is not lost"):
            await anyio.to_thread.run_sync(sign_off, state, 7, "seen by hand")


async def test_a_file_in_the_place_of_the_control_socket_is_told_as_it_is(tmp_path: Path) -> None:
    sink = MemorySink()
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "control.sock").write_text("mine")
    watched = configuration(tmp_path, {"ams": NOBODY})
    with pytest.raises(ListenRefused, match=r"control\.sock: cannot be listened on"):
        async with running(watched, surroundings(make=lambda *_: sink)):
            pytest.fail("it ran")
    assert sink.closed


async def test_recovery_is_told_over_the_api(tmp_path: Path) -> None:
    async with running(configuration(tmp_path, {"ams": NOBODY}), surroundings()):
        address = (tmp_path / "state" / "api.url").read_text().strip()
        status, body = await get(f"{address}/api/v1/recovery")
        metrics = (await get(f"{address}/metrics"))[1]
    told = orjson.loads(body)
    assert (status, told["lost"], told["jobs"], told["rpcs"]) == (200, 0, [], [])
    assert 'chain_monitor_recovery_jobs{rung="rpc",state="open"} 0.0' in metrics


async def test_a_lost_slot_is_signed_off_for_good(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    store = SqliteLedger(state / STORE)
    lost = [
        StoredSlot(slot, SlotEnd.LOST, "", None, None, None, (), (), (), None, 1) for slot in (7, 8)
    ]
    store.commit(lost, [], settled=10)
    store.commit_recovery({}, [Job(7, 9, Rung.RPC, 0, JobState.LOST)])
    store.close()
    watched = configuration(tmp_path, {"ams": NOBODY})
    async with running(watched, surroundings()) as daemon:
        await until(lambda: _is_lost(daemon, 7))
        await anyio.to_thread.run_sync(sign_off, state, 7, "seen by hand")
        await until(lambda: _is_not_lost(daemon, 7))
        with pytest.raises(DaemonNotAsked, match="slot 7 is not lost"):
            await anyio.to_thread.run_sync(sign_off, state, 7, "seen by hand")
        address = (state / "api.url").read_text().strip()
        told = orjson.loads((await get(f"{address}/api/v1/recovery"))[1])
    assert (told["signed_off"], told["lost_ranges"]) == (1, [{"from": 8, "to": 9}])
    async with running(watched, surroundings()) as daemon:
        await until(lambda: _is_lost(daemon, 8))
        assert not daemon.driver.kernel.is_lost(7)
        (slot,) = await daemon.books.slots(7, 8, 1)
    assert (slot.end, slot.proof.partition(";")[0]) == (SlotEnd.LOST, "signed off: seen by hand")


async def _is_lost(daemon: Daemon, slot: int) -> bool:
    return daemon.driver.kernel.is_lost(slot)


async def _is_not_lost(daemon: Daemon, slot: int) -> bool:
    return not daemon.driver.kernel.is_lost(slot)
