"""Trap 9: a missing slot number is no gap and no skip: a link to a block that we do not hold proves the one, a link over it the other."""

from pathlib import Path

from monitor.core.certificates import SlotEnd
from monitor.core.commands import Fetch
from monitor.core.monitors import Monitor, TransactionsFilter
from monitor.core.rungs import Verdict
from monitor.simulator.chain_settings import ChainSettings
from tests.core.play import ALL, confirmed, finalized, tx
from tests.core.test_repair import Recovery
from tests.scenarios.run import Rpcs, watch

SKIPPING = ChainSettings(
    slot_time=0.1, votes=3, transactions=2, account_writes=2, entries=1, skipped=0.3
)


def met(*blocks: tuple[int, int]) -> Recovery:
    """Slot 5 is closed; then came these blocks, (slot, parent), and the last of them is confirmed."""
    play = Recovery(ALL)
    play.block(1, 5, tx(5, 0)).says(1, confirmed(5), finalized(5))
    for slot, parent in blocks:
        play.block(1, slot, tx(slot, 0), parent=parent, parent_block=f"B{parent}")
    play.says(1, confirmed(blocks[-1][0])).take()
    return play


def test_a_number_that_the_chain_jumps_over_is_asked_of_nobody() -> None:
    play = met((8, 5)).says(1, finalized(8)).at(9)
    assert play.asked(Fetch) == []
    assert play.certified() == {
        5: SlotEnd.COMPLETE,
        6: SlotEnd.SKIPPED,
        7: SlotEnd.SKIPPED,
        8: SlotEnd.COMPLETE,
    }
    assert play.certificates()[6].proof == "parent link of 8"


def test_a_parent_that_is_not_held_is_a_gap_though_no_number_is_missing() -> None:
    play = met((7, 6))
    assert [each.slot for each in play.asked(Fetch)] == [6]


def test_what_only_an_rpc_calls_skipped_is_never_certified_so() -> None:
    play = met((8, 7)).says(1, finalized(8))
    for moment in range(1, 20):
        for fetch in play.asked(Fetch):
            play.not_fetched(fetch.slot, Verdict.SKIPPED_CLAIM)
        play.at(play.now + moment)
    assert not {6, 7} & {n for n, end in play.certified().items() if end is SlotEnd.SKIPPED}
    assert play.kernel.repair.queue.is_open(6)
    play.at(play.now + 4000)
    play.fetched(7, tx(7, 0), parent=5, parent_block="B5")
    play.at(play.now + 3)
    assert (play.certified()[6], play.certified()[7]) == (SlotEnd.SKIPPED, SlotEnd.RECOVERED)


async def test_a_chain_of_many_skips_that_all_regions_bring_asks_rpcs_for_nothing(
    tmp_path: Path,
) -> None:
    outcome = await watch(
        (Monitor("all", transactions=TransactionsFilter()),),
        tmp_path,
        slots=60,
        slot_time=0.1,
        chain_settings=SKIPPING,
        rpcs=Rpcs(1),
    )
    ends = [one.end for one in outcome.certificates().values()]
    assert ends.count(SlotEnd.SKIPPED) > 9
    assert set(ends) <= {SlotEnd.COMPLETE, SlotEnd.SKIPPED, SlotEnd.FORKED, SlotEnd.DEAD}
    assert [node.faults.requests for node in outcome.nodes] == [0]
