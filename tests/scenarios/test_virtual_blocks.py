"""The port of recovery over simulated nodes in virtual time: what is found, what is not, and when."""

from collections.abc import Sequence

import anyio
import pytest

from monitor.core.chain import Kind
from monitor.core.monitors import AccountsFilter, BlocksMetaFilter, Monitor, TransactionsFilter
from monitor.core.rungs import Rung, Verdict
from monitor.ports import BlockFound, NoBlock
from monitor.simulator.base58 import base58
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.model import Bank
from monitor.simulator.sysvars import CLOCK
from monitor.simulator.view import canonical
from tests.scenarios.virtual_blocks import PATIENCE, ROUND_TRIP, VirtualBlocks
from tests.scenarios.virtual_nodes import nodes_of

EVERYTHING = (
    Monitor("all", transactions=TransactionsFilter(), blocks_meta=BlocksMetaFilter()),
    Monitor("clock", accounts=AccountsFilter(account=(base58(CLOCK),))),
)
NOW = 80.0
"""When tests begin, in slots of one second."""


class Stage:
    """So many nodes, and recovery's way to them."""

    def __init__(self, count: int, *faults: str, **settings: object) -> None:
        """`faults`: as `rpc1 errors 429`."""
        small = ChainSettings(votes=3, transactions=5, account_writes=9, skipped=0.0)
        self.chain = GeneratedChain(3, small)
        self.nodes = nodes_of(self.chain, 1.0, 0.0, count, seed=3)
        for fault in faults:
            name, word, *rest = fault.split()
            node = next(node for node in self.nodes if node.name == name)
            node.apply(word, " ".join(rest) or None)
        self.blocks = VirtualBlocks(self.nodes, EVERYTHING, **settings)  # type: ignore[arg-type]

    def bank(self, place: int = 10) -> Bank:
        """One of the first blocks."""
        slots = (self.chain.slot(self.chain.first_slot + number) for number in range(40))
        return [bank for bank in map(canonical, slots) if bank is not None][place]

    async def fetch(
        self, witnesses: int = 1, rung: Rung = Rung.RPC, place: int = 10
    ) -> BlockFound | NoBlock:
        return await self.blocks.fetch(self.bank(place).slot, rung, witnesses)


@pytest.fixture(autouse=True)
async def _begin() -> None:
    await anyio.sleep(NOW)


def kinds(found: BlockFound | NoBlock) -> list[int]:
    assert isinstance(found, BlockFound)
    return [row[0] for row in found.rows]


async def test_a_block_comes_as_rows_after_a_round_trip() -> None:
    stage = Stage(1)
    began = anyio.current_time()

    found = await stage.fetch()

    assert anyio.current_time() - began == pytest.approx(ROUND_TRIP)
    count = sum(update.kind is Kind.TRANSACTION for _, update in stage.bank().updates)
    assert kinds(found) == [Kind.TRANSACTION] * count + [Kind.BLOCK_META]


@pytest.mark.parametrize(
    ("fault", "verdict", "seconds"),
    [
        ("errors 32004", Verdict.NOT_YET, ROUND_TRIP),
        ("errors 32007", Verdict.SKIPPED_CLAIM, ROUND_TRIP),
        ("errors 32009", Verdict.SKIPPED_CLAIM, ROUND_TRIP),
        ("errors 32014", Verdict.NOT_YET, ROUND_TRIP),
        ("errors 32019", Verdict.FAILED, ROUND_TRIP),
        ("errors null", Verdict.NOT_YET, ROUND_TRIP),
        ("errors meta-null", Verdict.NOT_YET, ROUND_TRIP),
        ("errors 429", Verdict.THROTTLED, ROUND_TRIP),
        ("errors 429-date", Verdict.THROTTLED, ROUND_TRIP),
        ("errors 500", Verdict.FAILED, ROUND_TRIP),
        ("pruned 300000039", Verdict.CANNOT, ROUND_TRIP),
        ("behind 100", Verdict.NOT_YET, ROUND_TRIP),
        ("cut", Verdict.FAILED, ROUND_TRIP),
        ("kill", Verdict.FAILED, ROUND_TRIP),
        ("mute", Verdict.FAILED, PATIENCE),
        ("slow 9", Verdict.FAILED, PATIENCE),
    ],
)
async def test_what_goes_wrong_has_its_verdict(
    fault: str, verdict: Verdict, seconds: float
) -> None:
    stage = Stage(1, f"rpc1 {fault}")
    began = anyio.current_time()

    found = await stage.fetch()

    assert isinstance(found, NoBlock)
    assert found.verdict is verdict
    assert anyio.current_time() - began == pytest.approx(seconds)
    assert sum(stage.blocks.tallies[0].errors.values()) == 1


@pytest.mark.parametrize("form", ["429", "429-date"])
async def test_a_node_that_wants_a_pause_has_it(form: str) -> None:
    stage = Stage(1, f"rpc1 errors {form}")

    refused = await stage.fetch()
    again = await stage.fetch()
    requests = stage.nodes[0].faults.requests
    stage.nodes[0].apply("heal")
    await anyio.sleep(1.5)

    assert isinstance(refused, NoBlock)
    assert 0.9 < refused.retry_after <= 1.0
    assert isinstance(again, NoBlock)
    assert requests == 1
    assert isinstance(await stage.fetch(), BlockFound)


async def test_one_that_has_the_block_is_found_behind_one_that_has_not() -> None:
    for rpc in ("rpc1", "rpc2"):
        found = await Stage(2, f"{rpc} errors 32007").fetch()

        assert isinstance(found, BlockFound)


async def test_two_witnesses_tell_the_same_block() -> None:
    found = await Stage(2).fetch(witnesses=2)

    assert isinstance(found, BlockFound)
    assert sorted(found.sources) == [0, 1]


@pytest.mark.parametrize("lie", ["blockhash", "parent", "missing", "altered", "fee"])
async def test_a_liar_is_outvoted_and_named(lie: str) -> None:
    stage = Stage(3, f"rpc2 lie {lie}")

    for place in range(10, 13):
        found = await stage.fetch(witnesses=2, place=place)

        assert isinstance(found, BlockFound)
        assert (sorted(found.sources), found.dissent) in (([0, 2], (1,)), ([0, 2], ()))


async def test_two_that_differ_prove_nothing() -> None:
    found = await Stage(2, "rpc1 lie altered").fetch(witnesses=2)

    assert isinstance(found, NoBlock)
    assert (found.verdict, sorted(found.dissent)) == (Verdict.DISAGREED, [0, 1])


async def test_one_that_cannot_tell_is_no_witness_but_one_that_may_is_waited_for() -> None:
    pruned = await Stage(2, "rpc1 pruned 300000039").fetch(witnesses=2)
    behind = await Stage(2, "rpc1 errors 32004").fetch(witnesses=2)

    assert isinstance(pruned, BlockFound)
    assert isinstance(behind, NoBlock)
    assert behind.verdict is Verdict.NOT_YET


async def test_archives_are_asked_on_their_rung_and_as_witnesses() -> None:
    archives = frozenset({1})
    assert await sources(Stage(2, archives=archives), Rung.RPC, 1) == (0,)
    assert await sources(Stage(2, archives=archives), Rung.ARCHIVE, 1) == (1,)
    assert await sources(Stage(2, archives=archives), Rung.RPC, 2) == (0, 1)
    nobody = await Stage(1).fetch(rung=Rung.ARCHIVE)
    assert isinstance(nobody, NoBlock)
    assert nobody.verdict is Verdict.CANNOT


async def sources(stage: Stage, rung: Rung, witnesses: int) -> Sequence[int]:
    found = await stage.fetch(witnesses, rung)
    assert isinstance(found, BlockFound)
    return found.sources


async def test_no_node_gets_more_than_its_rate() -> None:
    stage = Stage(2, requests_per_second=4)
    slots = [stage.bank(place).slot for place in range(24)]

    async with anyio.create_task_group() as tasks:
        for slot in slots:
            tasks.start_soon(stage.blocks.fetch, slot, Rung.RPC, 2)

    assert [node.faults.busiest_second for node in stage.nodes] == [4, 4]
    assert [node.faults.requests for node in stage.nodes] == [24, 24]
    assert all(tally.waits for tally in stage.blocks.tallies)


async def test_accounts_come_from_two_that_tell_them_alike() -> None:
    stage = Stage(3, "rpc1 behind 10")

    found = await stage.blocks.accounts(0)

    assert found is not None
    assert (found.source, found.dissent, found.unsure) == (1, (), ())
    assert [(row[0], row[1]) for row in found.rows] == [(Kind.ACCOUNT, found.context_slot)]


@pytest.mark.parametrize("fault", ["rpc1 behind 10", "rpc1 mute", "rpc1 lie states"])
async def test_one_alone_tells_nothing_of_an_account(fault: str) -> None:
    stage = Stage(2, fault)

    found = await stage.blocks.accounts(0)

    assert found is not None
    assert (found.rows, found.unsure) == ([], (CLOCK,))
    assert found.dissent == ((0, 1) if "lie" in fault else ())


async def test_accounts_are_not_told_before_their_slot() -> None:
    stage = Stage(3, "rpc1 mute")
    tip = await stage.blocks.accounts(0)
    assert tip is not None

    assert await stage.blocks.accounts(tip.context_slot + 50) is None
    await anyio.sleep(50)
    later = await stage.blocks.accounts(tip.context_slot + 50)
    assert later is not None
    assert later.context_slot >= tip.context_slot + 50
