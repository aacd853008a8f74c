"""What a node without sockets answers, healthy and not."""

import gzip
from base64 import b64decode
from email.utils import parsedate_to_datetime
from math import inf
from typing import Any

import orjson
import pytest

from monitor.core.chain import Commitment
from monitor.simulator.base58 import base58
from monitor.simulator.rpc_blocks import block_json
from monitor.simulator.rpc_bodies import USUAL_FORM
from monitor.simulator.rpc_node import LARGEST_BODY, Answer
from monitor.simulator.sysvars import CLOCK
from tests.simulator.rpc_nodes import NOW, WANTED, Made, rpc_node

CLOCK_TEXT = base58(CLOCK)
BASE64 = {"encoding": "base64", "commitment": "confirmed"}


def result_of(answer: Answer) -> Any:
    return orjson.loads(answer.body)["result"]


def refusal_of(answer: Answer) -> tuple[int, str]:
    error = orjson.loads(answer.body)["error"]
    return error["code"], error["message"]


def lost_slot(made: Made) -> int:
    held = {bank.slot for bank in made.blocks()}
    first = made.chain.first_slot
    return next(slot for slot in range(first, first + 40) if slot not in held)


def test_a_healthy_node_tells_its_blocks_at_once() -> None:
    made = rpc_node()
    for bank in made.blocks():
        answer = made.block(bank.slot)

        assert (answer.status, answer.delay, answer.sent) == (200, 0.0, None)
        assert result_of(answer) == block_json(bank, USUAL_FORM)


def test_blocks_are_packed_for_who_takes_it_and_other_answers_are_not() -> None:
    made = rpc_node()
    block = made.blocks()[0]
    call = {"jsonrpc": "2.0", "id": 9, "method": "getBlock", "params": [block.slot, WANTED]}
    body = orjson.dumps(call)

    packed = made.node.post(body, NOW, takes_gzip=True)
    plain = made.node.post(body, NOW)
    batch = made.node.post(orjson.dumps([call]), NOW, takes_gzip=True)

    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert "content-encoding" not in batch.headers
    assert orjson.loads(batch.body) == [orjson.loads(plain.body)]


@pytest.mark.parametrize("code", [-32004, -32007, -32009, -32011, -32014, -32019, -32603])
def test_a_block_that_exists_is_refused_with_the_code_asked_for(code: int) -> None:
    made = rpc_node()
    slot = made.blocks()[2].slot
    made.node.apply("errors", f"{code}")

    answer = made.block(slot)

    told, message = refusal_of(answer)
    assert (answer.status, told) == (200, code)
    assert str(slot) in message or code in (-32011, -32019, -32603)


def test_errors_leave_slots_alone_that_have_no_block() -> None:
    made = rpc_node()
    made.node.apply("errors", "null")

    assert refusal_of(made.block(lost_slot(made)))[0] == -32007


def test_null_comes_in_place_of_a_block() -> None:
    made = rpc_node()
    made.node.apply("errors", "null")

    answer = orjson.loads(made.block(made.blocks()[0].slot).body)

    assert answer == {"jsonrpc": "2.0", "result": None, "id": 1}


def test_one_transaction_is_without_its_meta() -> None:
    made = rpc_node()
    bank = made.blocks()[0]
    made.node.apply("errors", "meta-null")

    told = result_of(made.block(bank.slot))
    without = [each for each in told["transactions"] if each["meta"] is None]

    assert len(without) == 1
    assert len(told["transactions"]) == len(block_json(bank, USUAL_FORM)["transactions"])


def test_a_lie_strikes_whole_blocks_and_stays_the_same() -> None:
    made = rpc_node()
    bank = made.blocks()[0]
    made.node.apply("lie", "blockhash")

    first, second = (result_of(made.block(bank.slot)) for _ in range(2))
    short = made.result("getBlock", bank.slot, {**WANTED, "transactionDetails": "none"})

    assert first == second
    assert first["blockhash"] != bank.blockhash
    assert short["blockhash"] == bank.blockhash


def test_a_lying_node_lies_about_its_share() -> None:
    made = rpc_node()
    made.node.apply("lie", "any 0.5")

    lies = [
        bank.slot
        for bank in made.blocks()
        if result_of(made.block(bank.slot)) != block_json(bank, USUAL_FORM)
    ]

    assert 8 < len(lies) < 30


def test_too_many_requests_are_refused_in_seconds_or_with_a_date() -> None:
    made = rpc_node()
    made.node.apply("errors", "429")
    in_seconds = made.node.ask("getHealth", [], NOW)
    made.node.apply("heal")
    made.node.apply("errors", "429-date")
    dated = made.node.ask("getHealth", [], NOW)

    assert (in_seconds.status, in_seconds.headers["retry-after"]) == (429, "1")
    assert dated.status == 429
    assert parsedate_to_datetime(dated.headers["retry-after"]).timestamp() == NOW + 1


def test_above_its_limit_a_node_says_when_there_is_room() -> None:
    made = rpc_node()
    made.node.apply("limit", "3")

    answers = [made.node.ask("getHealth", [], NOW + moment) for moment in (0, 0.1, 0.2, 0.3, 1.05)]

    assert [answer.status for answer in answers] == [200, 200, 200, 429, 200]
    assert answers[3].headers["retry-after"] == "1"
    assert made.node.faults.busiest_second == 4


def test_a_broken_server_answers_in_html() -> None:
    made = rpc_node()
    made.node.apply("errors", "500")

    answer = made.node.ask("getHealth", [], NOW)

    assert (answer.status, answer.headers["content-type"]) == (500, "text/html")
    assert answer.body.startswith(b"<html>")


def test_answers_never_come_late_or_half() -> None:
    made = rpc_node()
    made.node.apply("mute")
    never = made.node.ask("getHealth", [], NOW)
    made.node.apply("heal")
    made.node.apply("slow", "2.5")
    late = made.node.ask("getHealth", [], NOW)
    made.node.apply("cut")
    half = made.block(made.blocks()[0].slot)

    assert never.delay == inf
    assert (late.delay, late.sent, late.status) == (2.5, None, 200)
    assert half.sent == len(half.body) // 2
    assert half.delay == 2.5


def test_a_dead_node_hangs_up_and_counts_nothing() -> None:
    made = rpc_node()
    made.node.apply("kill")

    answer = made.node.ask("getHealth", [], NOW)

    assert (answer.status, answer.sent, answer.body) == (0, 0, b"")
    assert made.node.faults.requests == 0


def test_a_node_behind_sees_the_chain_of_some_slots_ago_in_everything() -> None:
    made = rpc_node()
    made.result("getSlot", {"commitment": "confirmed"})
    made.node.apply("behind", "20")

    seen = made.tip(Commitment.CONFIRMED, NOW - 20).slot
    assert made.result("getSlot", {"commitment": "confirmed"}) == seen
    assert made.result("getMultipleAccounts", [CLOCK_TEXT], BASE64)["context"]["slot"] == seen
    assert refusal_of(made.block(made.tip().slot))[0] == -32004
    assert made.code("getMultipleAccounts", [CLOCK_TEXT], {**BASE64, "minContextSlot": seen + 1})
    made.node.apply("heal")
    assert made.result("getSlot", {"commitment": "confirmed"}) == made.tip().slot


def test_a_pruned_node_names_its_first_slot() -> None:
    made = rpc_node()
    kept = made.blocks()[10].slot
    made.node.apply("pruned", str(kept))

    gone = made.block(made.blocks()[9].slot)

    assert result_of(made.block(kept))["blockhash"] == made.blocks()[10].blockhash
    assert refusal_of(gone)[0] == -32001
    assert refusal_of(gone)[1].endswith(f"First available block: {kept}")
    assert made.result("getFirstAvailableBlock") == kept
    assert made.result("getBlocks", made.chain.first_slot, kept) == [kept]


def test_a_node_that_lacks_a_block_calls_its_slot_skipped() -> None:
    made = rpc_node()
    before, lacking, behind = made.blocks()[9:12]
    made.node.apply("lack", str(lacking.slot))

    assert refusal_of(made.block(lacking.slot))[0] == -32007
    assert result_of(made.block(behind.slot))["parentSlot"] == lacking.slot
    assert made.result("getBlocks", before.slot, behind.slot) == [before.slot, behind.slot]


def test_the_context_of_accounts_is_the_confirmed_tip_and_so_is_their_state() -> None:
    made = rpc_node()

    told = made.result("getMultipleAccounts", [CLOCK_TEXT], BASE64)
    clock = made.result("getAccountInfo", CLOCK_TEXT, BASE64)

    assert told["context"]["slot"] == made.tip().slot
    assert told["value"] == [clock["value"]]
    assert clock_slot(told["value"][0]) == made.tip().slot


def clock_slot(account: dict[str, Any]) -> int:
    return int.from_bytes(b64decode(account["data"][0])[:8], "little")


def test_a_body_above_the_limit_is_refused_and_counted() -> None:
    made = rpc_node()

    assert made.node.post(b" " * (LARGEST_BODY + 1), NOW).status == 413
    assert made.node.faults.requests == 1


def test_a_block_that_is_asked_for_without_an_id_is_not_told() -> None:
    made = rpc_node()
    call = {"jsonrpc": "2.0", "method": "getBlock", "params": [made.blocks()[0].slot, WANTED]}

    assert made.node.post(orjson.dumps(call), NOW).body == b""


def test_a_node_lies_about_accounts_and_about_their_slot_it_does_not() -> None:
    made = rpc_node()
    truth = made.result("getMultipleAccounts", [CLOCK_TEXT], BASE64)
    made.node.apply("lie", "states")
    lied = made.result("getMultipleAccounts", [CLOCK_TEXT], BASE64)

    assert lied["context"] == truth["context"]
    assert lied["value"][0].pop("lamports") == truth["value"][0].pop("lamports") + 1
    assert lied["value"] == truth["value"]
