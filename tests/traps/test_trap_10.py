"""Trap 10: an error of getBlock, `null` and `meta: null` prove nothing alone: neither that there is a block nor that there is none."""

from pathlib import Path

import orjson
import pytest

from monitor.core.certificates import SlotEnd
from monitor.core.monitors import Monitor, TransactionsFilter
from monitor.core.rungs import Verdict
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.region import RegionSettings
from monitor.wire.rpc_answers import refusal
from tests.core.play import finalized, tx
from tests.core.test_repair import a_gap
from tests.e2e.expected import Record, bare, expected
from tests.scenarios.run import REGIONS, Fault, Rpcs, watch

CHAIN = ChainSettings(
    slot_time=0.1, votes=3, transactions=2, account_writes=2, entries=1, skipped=0.1
)
NO_META = {"transactions": [{"transaction": ["", "base64"], "meta": None}]}


def error(code: int, message: str) -> object:
    return {"error": {"code": code, "message": message}}


ANSWERS = [
    (error(-32004, "Block not available for slot 6"), Verdict.NOT_YET),
    (
        error(-32007, "Slot 6 was skipped, or missing due to ledger jump to recent snapshot"),
        Verdict.SKIPPED_CLAIM,
    ),
    (
        error(-32009, "Slot 6 was skipped, or missing in long-term storage"),
        Verdict.SKIPPED_CLAIM,
    ),
    ({"result": None}, Verdict.NOT_YET),
    ({"result": NO_META}, Verdict.NOT_YET),
]


@pytest.mark.parametrize(("answer", "meant"), ANSWERS)
def test_no_answer_closes_a_slot_that_a_child_names(answer: object, meant: Verdict) -> None:
    refused = refusal(200, {}, orjson.dumps(answer), 0.0)
    assert refused is not None
    assert refused.verdict is meant
    play = a_gap()
    play.says(1, finalized(7))
    for _ in range(12):
        play.not_fetched(6, refused.verdict).at(play.now + 20)
    assert play.certified()[6] in (SlotEnd.PARTIAL, SlotEnd.LOST)
    assert play.kernel.repair.queue.is_open(6)
    play.at(play.now + 4000)
    play.fetched(6, tx(6, 0))
    assert play.certified()[6] is SlotEnd.RECOVERED


@pytest.mark.parametrize("denial", ["-32004", "-32007", "-32009", "null", "meta-null"])
async def test_blocks_that_every_rpc_denies_at_first_are_got_back(
    denial: str, tmp_path: Path
) -> None:
    outcome = await watch(
        (Monitor("all", transactions=TransactionsFilter()),),
        tmp_path,
        slots=60,
        faults=[Fault(20, region, "outage", "12") for region in REGIONS],
        slot_time=0.1,
        chain_settings=CHAIN,
        region_settings=RegionSettings(replay_stored_slots=0),
        rpcs=Rpcs(2, [(node, "errors", f"{denial} 0.3") for node in ("rpc1", "rpc2")]),
        tail=200,
    )
    ends = {slot: one.end for slot, one in outcome.certificates().items()}
    produced = {s for s in outcome.slots if any(b.canonical for b in outcome.chain.slot(s).banks)}
    whole = {slot for slot, end in ends.items() if end in (SlotEnd.COMPLETE, SlotEnd.RECOVERED)}
    assert whole == produced
    assert SlotEnd.RECOVERED in ends.values()
    wanted = expected(outcome.truth, {"all": _is_transaction}, outcome.slots)
    found = [event for event in outcome.events if event["slot"] in outcome.slots]
    assert {event["id"]: bare(event) for event in found} == dict(wanted)
    assert len(found) == len(wanted)


def _is_transaction(record: Record) -> bool:
    return bool(record["kind"] == "transaction")
