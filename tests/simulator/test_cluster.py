"""The whole cluster on real sockets: regions, JSON-RPC, truth, control, start and stop."""

import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import anyio
import pytest

from monitor.core.chain import Commitment
from monitor.core.errors import FaultRefused, SimulatorFailed
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.cluster import Cluster, simulate
from monitor.simulator.control import ask_rpc_status, ask_status, send_fault
from monitor.simulator.options import SimulateOptions
from monitor.simulator.region import RegionSettings
from tests.e2e.processes import free_ports
from tests.patience import PATIENCE
from tests.simulator.served import until
from tests.simulator.yellowstone_client import YellowstoneClient, connected, request

pytestmark = pytest.mark.real_time

SMALL = ChainSettings(votes=3, transactions=4, account_writes=8, entries=2)


@contextmanager
def running(**options: Any) -> Iterator[Cluster]:
    usual: dict[str, Any] = {
        "ports": 0,
        "control": "127.0.0.1:0",
        "slot_time": 0.02,
        "chain": SMALL,
        "jitter": 0.001,
    }
    with Cluster(SimulateOptions(**{**usual, **options})) as cluster:
        yield cluster


def ask(cluster: Cluster, method: str, *params: Any) -> Any:
    return ask_at(cluster.rpc_url, method, *params)


def wait_until_slot(cluster: Cluster, slot: int) -> None:
    """The test's own timeout is the limit."""
    while ask(cluster, "getSlot", {"commitment": "processed"})["result"] < slot:
        pass


def ask_at(url: str, method: str, *params: Any) -> Any:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
    asked = urllib.request.Request(url, body.encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(asked, timeout=PATIENCE) as response:
        return json.load(response)


def test_every_region_tells_of_the_same_chain() -> None:
    with running() as cluster, ExitStack() as stack:
        clients = [stack.enter_context(connected(url)) for url in cluster.endpoints.values()]
        for client in clients:
            client.send(request("blocks_meta"))
            client.first(lambda update: update.HasField("block_meta"))
        hashes = [dict(islice(blockhashes(client), 20)) for client in clients]

    shared = set.intersection(*map(set, hashes))
    assert len(shared) > 5
    assert len({tuple(each[slot] for slot in sorted(shared)) for each in hashes}) == 1


def blockhashes(client: YellowstoneClient) -> Iterator[tuple[int, str]]:
    for update in client.updates():
        if update.HasField("block_meta"):
            yield update.block_meta.slot, update.block_meta.blockhash


def test_json_rpc_tells_of_that_chain_too() -> None:
    with running() as cluster, connected(cluster.endpoints["ams"]) as client:
        client.send(request("blocks_meta", "slots", commitment=Commitment.FINALIZED))
        meta = client.first(lambda update: update.HasField("block_meta")).block_meta
        client.first(lambda update: update.slot.slot > meta.slot and update.slot.status == 2)
        options = {"maxSupportedTransactionVersion": 1, "encoding": "base64"}

        answer = ask(cluster, "getBlock", meta.slot, options)

    block = answer["result"]
    assert (block["blockhash"], len(block["transactions"])) == (
        meta.blockhash,
        meta.executed_transaction_count,
    )


def test_a_killed_region_refuses_connections_until_it_is_healed() -> None:
    with running() as cluster:
        url = cluster.endpoints["nyc"]
        port = int(url.rpartition(":")[2])
        with connected(url) as nyc, connected(cluster.endpoints["ams"]) as ams:
            nyc.send(request("slots"))
            ams.send(request("slots"))
            nyc.first(lambda update: update.HasField("slot"))

            cluster.fault("nyc", "kill")

            assert nyc.ending()[0] == "UNAVAILABLE"
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            assert ams.first(lambda update: update.HasField("slot")).slot.slot

        cluster.fault("nyc", "heal")

        assert cluster.endpoints["nyc"] == url
        with connected(url) as again:
            again.send(request("slots"))
            assert again.first(lambda update: update.HasField("slot")).slot.slot


@pytest.mark.parametrize(
    ("region", "fault", "argument", "text"),
    [
        ("rio", "kill", None, "there is no region nor RPC 'rio'; there are ams, nyc, tyo, rpc1"),
        ("nyc", "dance", None, "no fault 'dance'; one of kill, refuse, "),
        ("nyc", "lag", "soon", "lag takes seconds"),
    ],
)
def test_faults_that_cannot_be_are_refused(
    region: str, fault: str, argument: str | None, text: str
) -> None:
    with running() as cluster:
        with pytest.raises(FaultRefused, match=text):
            cluster.fault(region, fault, argument)
        with pytest.raises(FaultRefused, match=text):
            send_fault(cluster.control, region, fault, argument)


def test_a_region_cannot_be_healed_while_another_has_its_port() -> None:
    with running() as cluster:
        port = int(cluster.endpoints["nyc"].rpartition(":")[2])
        cluster.fault("nyc", "kill")
        with (
            socket.create_server(("127.0.0.1", port)),
            pytest.raises(FaultRefused, match=f"port {port} of 127.0.0.1 is taken"),
        ):
            cluster.fault("nyc", "heal")


def test_all_regions_can_be_out_of_reach_while_the_rpcs_answer_and_the_chain_goes_on() -> None:
    with running() as cluster, connected(cluster.endpoints["nyc"]) as client:
        client.send(request("slots"))
        client.first(lambda update: update.HasField("slot"))

        told = cluster.fault("all", "outage", "20")

        assert told.count("is out of reach for 20 slots") == 3
        assert client.ending()[0] == "UNAVAILABLE"
        with connected(cluster.endpoints["ams"]) as early:
            early.send(request("slots"))
            assert early.ending() == ("UNAVAILABLE", "connection refused")
        before = ask(cluster, "getSlot", {"commitment": "processed"})["result"]
        wait_until_slot(cluster, before + 22)
        with connected(cluster.endpoints["ams"]) as late:
            late.send(request("slots"))
            assert late.first(lambda update: update.HasField("slot")).slot.slot >= before + 20


def test_an_old_chain_has_its_past_at_hand_and_regions_replay_its_end() -> None:
    with running(age=400, slot_time=0.5, server=RegionSettings(replay_stored_slots=100)) as cluster:
        first = cluster.chain.first_slot
        finalized = ask(cluster, "getSlot")["result"]
        listed = ask(cluster, "getBlocks", first, first + 40)["result"]
        oldest = ask(cluster, "getBlock", first, {"maxSupportedTransactionVersion": 1})["result"]
        with connected(cluster.endpoints["ams"]) as client:
            asked = request("blocks_meta")
            asked.from_slot = first + 370
            client.send(asked)
            replayed = client.first(lambda update: update.HasField("block_meta")).block_meta.slot

    assert first + 330 < finalized < first + 400
    assert listed[0] == first
    assert oldest["parentSlot"] == first - 1
    assert first + 370 <= replayed < first + 380


def test_rpcs_have_ports_and_faults_of_their_own() -> None:
    with running(rpcs=2) as cluster:
        assert send_fault(cluster.control, "rpc2", "errors", "500") == "rpc2 has errors 500 1"
        assert "result" in ask(cluster, "getSlot")
        with pytest.raises(urllib.error.HTTPError, match="500"):
            ask_at(cluster.rpcs["rpc2"], "getSlot")
        with pytest.raises(FaultRefused, match="no fault 'refuse' of an RPC"):
            cluster.fault("rpc2", "refuse")

        first, second = ask_rpc_status(cluster.control)

    assert cluster.rpc_url == cluster.rpcs["rpc1"]
    assert (first["rpc"], first["url"], first["faults"]) == ("rpc1", cluster.rpc_url, [])
    assert (second["rpc"], second["requests"], second["faults"]) == ("rpc2", 1, ["errors 500 1"])


def test_status_names_regions_feeds_and_faults() -> None:
    with running() as cluster, connected(cluster.endpoints["ams"]) as client:
        client.send(request("slots"))
        client.first(lambda update: update.HasField("slot"))
        send_fault(cluster.control, "tyo", "lag", "0.5")

        status = {each["region"]: each for each in ask_status(cluster.control)}

    assert [(name, each["feeds"], each["faults"]) for name, each in status.items()] == [
        ("ams", 1, []),
        ("nyc", 0, []),
        ("tyo", 0, ["lag 0.5"]),
    ]
    assert status["ams"]["endpoint"] == cluster.endpoints["ams"]


def test_a_token_is_asked_for() -> None:
    with running(token="secret") as cluster:
        with connected(cluster.endpoints["ams"], x_token="guess") as client:
            assert client.ending() == ("UNAUTHENTICATED", "No valid auth token")
        with connected(cluster.endpoints["ams"], x_token="secret") as client:
            client.send(request("slots"))
            assert client.first(lambda update: update.HasField("slot")).slot.slot


def feeds_of(cluster: Cluster) -> int:
    """Streams of the one region."""
    (told,) = ask_status(cluster.control)
    return int(told["feeds"])


def test_a_client_that_does_not_read_is_told_that_it_lagged() -> None:
    server = RegionSettings(channel_capacity=200)
    busy = ChainSettings(votes=100, transactions=50, account_writes=200)
    with (
        running(regions=("ams",), server=server, chain=busy, slot_time=0.1) as cluster,
        connected(cluster.endpoints["ams"]) as client,
    ):
        client.send(request("accounts", "transactions", "blocks_meta"))
        client.first(lambda update: not update.HasField("ping"))
        until(lambda: feeds_of(cluster) == 0)

        assert client.ending() in (
            ("INTERNAL", "lagged to send an update"),
            ("INTERNAL", "lagged to receive geyser messages"),
        )


def test_the_chain_starts_when_the_feeds_are_there() -> None:
    with running(start_when=2, regions=("one", "two")) as cluster:
        first_slot = cluster.chain.first_slot
        with connected(cluster.endpoints["one"]) as one, connected(cluster.endpoints["two"]) as two:
            one.send(request("slots", "blocks_meta"))
            one.first(lambda update: update.HasField("ping"))
            before = ask(cluster, "getSlot", {"commitment": "processed"})["result"]

            two.send(request("slots", "blocks_meta"))

            met = [
                client.first(lambda update: update.slot.slot > 0).slot.slot for client in (one, two)
            ]
            one.first(lambda update: update.HasField("block_meta"))
    assert before == 0
    assert all(first_slot <= slot <= first_slot + 2 for slot in met)


def test_the_truth_is_what_the_chain_finalized_in_order(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    with (
        running(truth=path) as cluster,
        connected(cluster.endpoints["ams"]) as client,
    ):
        client.send(request("slots"))
        last = client.first(
            lambda update: (
                update.slot.status == 2 and update.slot.slot > cluster.chain.first_slot + 40
            )
        ).slot.slot

    records = [json.loads(line) for line in path.read_text().splitlines()]
    metas = [each for each in records if each["kind"] == "block_meta"]
    slots = [each["slot"] for each in records]
    assert slots == sorted(slots)
    assert metas[0]["slot"] == cluster.chain.first_slot
    assert metas[-1]["slot"] >= last
    parents = [each["parent_slot"] for each in metas[1:]]
    assert parents == [each["slot"] for each in metas[:-1]]


def test_ports_follow_each_other_from_the_first() -> None:
    free = free_ports()
    with running(ports=free, regions=("one", "two")) as cluster:
        assert list(cluster.endpoints.values()) == [
            f"http://127.0.0.1:{free}",
            f"http://127.0.0.1:{free + 1}",
        ]
        assert cluster.rpc_url == f"http://127.0.0.1:{free + 2}"


def test_a_taken_port_ends_the_start_and_leaves_nothing_open() -> None:
    with running(regions=("one",)) as cluster:
        port = int(cluster.endpoints["one"].rpartition(":")[2])
        before = threading.active_count()

        with pytest.raises(SimulatorFailed, match=f"port {port} of 127.0.0.1 is taken"):
            Cluster(SimulateOptions(ports=port, regions=("two",), control="127.0.0.1:0")).start()

        assert threading.active_count() == before


def test_a_truth_file_that_cannot_be_written_ends_the_start(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "truth.jsonl"

    with pytest.raises(SimulatorFailed, match=r"cannot be written to .*; name another file"):
        Cluster(SimulateOptions(ports=0, control="127.0.0.1:0", truth=path)).start()


def test_stopping_closes_every_door_and_ends_the_thread() -> None:
    with running() as cluster:
        ports = [
            int(url.rpartition(":")[2]) for url in (*cluster.endpoints.values(), cluster.rpc_url)
        ]
        ports.append(int(cluster.control.rpartition(":")[2]))
        with connected(cluster.endpoints["ams"]) as client:
            client.send(request("slots"))
            client.first(lambda update: update.HasField("slot"))

            cluster.stop()

            assert client.ending()[0] == "UNAVAILABLE"

    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    assert "simulator" not in {thread.name for thread in threading.enumerate()}
    with pytest.raises(FaultRefused, match="does not run"):
        cluster.fault("ams", "kill")


def test_simulate_tells_when_it_is_up_and_runs_until_cancelled() -> None:
    told: list[dict[str, str]] = []

    async def run_until_told() -> None:
        async with anyio.create_task_group() as tasks:

            def ready(cluster: Cluster) -> None:
                told.append(cluster.endpoints)
                tasks.cancel_scope.cancel()

            await simulate(
                SimulateOptions(ports=0, control="127.0.0.1:0", chain=SMALL), ready=ready
            )

    anyio.run(run_until_told, backend_options={"use_uvloop": True})

    assert [list(each) for each in told] == [["ams", "nyc", "tyo"]]
