"""A long watch list over real sockets: sent as a list, as a cuckoo set or in chunks, it brings the same rows."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from solders.pubkey import Pubkey

from monitor.core.chain import Commitment, Kind
from monitor.core.monitors import AccountsFilter, Monitor, TransactionsFilter
from monitor.ports import Endpoint
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.cluster import Cluster
from monitor.simulator.limits import AccountsLimits, FilterLimits, TransactionsLimits
from monitor.simulator.options import SimulateOptions
from monitor.simulator.region import RegionSettings
from monitor.wire.pb import geyser_pb2
from monitor.wire.peek import peek
from monitor.wire.plan import Plan, compile_plan
from tests.simulator.yellowstone_client import connected

pytestmark = pytest.mark.real_time

CHAIN = ChainSettings(votes=2, transactions=12, account_writes=40, entries=1, recreated=0.0)
PUBKEYS = 400
"""Keys that the limited server takes in a list."""
SLOTS = 12

Seen = dict[int, set[tuple[int, object, int]]]
"""By slot: (kind, key, mask) of each row."""


def watched() -> tuple[str, ...]:
    """Every second account that the chain writes, among a thousand that it does not know."""
    chain = GeneratedChain(1, CHAIN)
    slots = (chain.slot(chain.first_slot + number) for number in range(SLOTS))
    written = sorted(
        {
            update.message.account.pubkey  # type: ignore[attr-defined]
            for slot in slots
            for bank in slot.banks
            for _, update in bank.updates
            if update.kind is Kind.ACCOUNT
        }
    )
    unknown = (bytes([1]) + number.to_bytes(31, "big") for number in range(1000))
    return tuple(str(Pubkey.from_bytes(key)) for key in (*written[::2], *unknown))


def plan_for(endpoint: Endpoint) -> Plan:
    keys = watched()
    monitors = (
        Monitor("accounts", accounts=AccountsFilter(account=keys)),
        Monitor("transactions", transactions=TransactionsFilter(vote=False, account_include=keys)),
    )
    return compile_plan(monitors, Commitment.PROCESSED, endpoint)


def read(url: str, plan: Plan) -> Seen:
    """Rows of the slots that a stream saw from their first shred to their meta."""
    names, begun = plan.names(1), set[int]()
    seen: Seen = {}
    over: Seen = {}
    with connected(url) as client:
        client.send(geyser_pb2.SubscribeRequest.FromString(plan.request(1)))
        for number, frame in enumerate(client.call):
            for kind, slot, key, mask, *_ in peek([(number, frame)], names):
                if kind == Kind.SLOT:
                    begun.add(slot)
                elif kind == Kind.BLOCK_META and slot in begun:
                    over[slot] = seen.pop(slot, set())
                elif kind in (Kind.ACCOUNT, Kind.TRANSACTION):
                    seen.setdefault(slot, set()).add((kind, key, mask))
            if len(over) >= SLOTS:
                break
    assert names.strangers == 0
    return over


def read_all(limits: FilterLimits, plans: list[Plan]) -> list[Seen]:
    """What each plan brings from a region of its own."""
    options = SimulateOptions(
        regions=tuple(f"region{number}" for number in range(len(plans))),
        slot_time=0.1,
        ports=0,
        control="127.0.0.1:0",
        jitter=0.0,
        chain=CHAIN,
        start_when=len(plans),
        server=RegionSettings(limits=limits),
    )
    with Cluster(options) as cluster, ThreadPoolExecutor(len(plans)) as readers:
        return list(readers.map(read, cluster.endpoints.values(), plans))


def test_lists_sets_and_chunks_bring_the_same() -> None:
    limits = FilterLimits(
        accounts=AccountsLimits(account_max=PUBKEYS),
        transactions=TransactionsLimits(account_include_max=PUBKEYS),
    )
    listed = plan_for(Endpoint("list", ""))
    compressed = plan_for(Endpoint("set", "", cuckoo=True))
    chunked = plan_for(Endpoint("chunks", "", max_pubkeys=PUBKEYS))
    assert [len(plan.asked[Kind.ACCOUNT]) for plan in (listed, compressed)] == [1, 1]
    assert len(chunked.asked[Kind.ACCOUNT]) > 2

    (whole,) = read_all(FilterLimits(), [listed])
    for other in read_all(limits, [compressed, chunked]):
        common = whole.keys() & other.keys()
        assert len(common) >= SLOTS - 2
        assert all(whole[slot] == other[slot] for slot in common)

    rows = [row for slot in whole.values() for row in slot]
    assert {mask for _, _, mask in rows} == {1, 2}
