"""getBlock answers as rows: which there are, in what order, for whom; and answers that are no whole block."""

import json
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.chain import Commitment, Kind
from monitor.core.errors import BlockMalformed, BlockUnfinished
from monitor.core.monitors import (
    AccountsFilter,
    BlocksMetaFilter,
    Monitor,
    TokenAccounts,
    TransactionsFilter,
)
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.rpc_blocks import BlockForm, block_json
from monitor.wire.blocks import frames, map_block
from monitor.wire.names import NameTable
from monitor.wire.pb import geyser_pb2
from monitor.wire.peek import peek
from monitor.wire.records import RecordWriter
from monitor.wire.rpc_block import BlockReader, MappedBlock
from tests.filter_updates import A, text
from tests.real_blocks import read
from tests.rpc_bodies import block_in_base64, body
from tests.shared_data import needs_shared_data
from tests.wire.record_samples import encode
from tests.wire.test_blocks import HASH, LEADER, OLDEST, PARENT_HASH, TRANSACTION

EVERYTHING = TransactionsFilter()
NOTHING = TransactionsFilter(account_include=(text(A),))
EXPANDED = Monitor(
    "held",
    transactions=TransactionsFilter(account_include=(text(A),), token_accounts=TokenAccounts.ALL),
)
ALL = [
    Monitor("all", transactions=EVERYTHING, transactions_status=EVERYTHING),
    Monitor("metas", blocks_meta=BlocksMetaFilter()),
]


def _read(result: Any, monitors: Sequence[Monitor] = ALL) -> MappedBlock:
    return BlockReader(monitors).read(100, body(result), 5)


def test_rows_are_transactions_with_their_statuses_then_the_meta() -> None:
    rows = _read(OLDEST).rows
    key = bytes(64) + bytes(8)
    second = bytes(64) + b"\x01" + bytes(7)
    assert [row[:6] for row in rows] == [
        (Kind.TRANSACTION, 100, key, 1, 0, 5),
        (Kind.TRANSACTION_STATUS, 100, key, 1, 0, 5),
        (Kind.TRANSACTION, 100, second, 1, 1, 5),
        (Kind.TRANSACTION_STATUS, 100, second, 1, 1, 5),
        (Kind.BLOCK_META, 100, HASH, 2, (98, PARENT_HASH, None, 2, 0, 0, rows[-1][4][6]), 5),
    ]
    assert len(rows[-1][4][6]) == 32


def test_a_block_says_what_it_is() -> None:
    block = _read(OLDEST | {"blockHeight": 97, "blockTime": 1_791_096_571})
    assert (block.slot, block.parent_slot, block.block_height) == (100, 98, 97)
    assert (block.blockhash, block.previous_blockhash) == (HASH, PARENT_HASH)
    assert block.block_time == 1_791_096_571
    assert block.count == 2
    assert len(block.digest) == 32


def test_frames_are_those_of_the_plain_way() -> None:
    result = OLDEST | {
        "blockHeight": 97,
        "rewards": [{"pubkey": LEADER, "lamports": -7, "postBalance": 9, "rewardType": "Fee"}],
        "numRewardPartitions": 5,
    }
    found = [row[6] for row in _read(result).rows if row[0] != Kind.TRANSACTION_STATUS]
    assert found == frames(map_block(100, result))


def test_a_row_is_what_a_feed_would_have_brought() -> None:
    rows = _read(OLDEST).rows
    streamed = peek(
        [(5, b"\x0a\x03all" + (row[6] or b"")) for row in rows[:-1]],
        NameTable(1, {"all": 1}, lambda _kind, _frame: 0),
    )
    assert [row[:6] for row in streamed] == [row[:6] for row in rows[:-1]]


def test_what_no_monitor_wants_has_no_row_and_counts_all_the_same() -> None:
    block = _read(OLDEST, [Monitor("none", transactions=NOTHING, transactions_status=NOTHING)])
    assert [row[0] for row in block.rows] == [Kind.BLOCK_META]
    assert block.rows[0][3] == 0
    assert block.count == 2
    assert block.digest == _read(OLDEST).digest


def test_where_somebody_wants_accounts_the_signatures_of_all_transactions_are_told() -> None:
    vault = Monitor("vault", transactions=NOTHING, accounts=AccountsFilter(owner=(LEADER,)))
    second: Any = deepcopy(TRANSACTION)
    second["transaction"]["signatures"] = ["1" * 63 + "2"]
    block = _read(OLDEST | {"transactions": [TRANSACTION, second]}, [vault])
    assert block.signatures == bytes(64) + bytes(63) + b"\x01"
    assert _read(OLDEST).signatures == b""


def test_a_status_is_judged_by_the_accounts_of_its_transaction_as_a_server_does() -> None:
    """Though the update itself names none."""
    wanted = TransactionsFilter(account_include=(LEADER,))
    monitors = [Monitor("other", transactions=NOTHING), Monitor("it", transactions_status=wanted)]
    rows = _read(OLDEST, monitors).rows
    assert [(row[0], row[3]) for row in rows[:-1]] == [(Kind.TRANSACTION_STATUS, 2)] * 2


@pytest.mark.parametrize(
    "change",
    [
        {"blockhash": PARENT_HASH},
        {"previousBlockhash": HASH},
        {"parentSlot": 97},
        {"transactions": [TRANSACTION]},
        {"transactions": [TRANSACTION, TRANSACTION | {"version": 0}]},
    ],
    ids=str,
)
def test_another_block_has_another_digest(change: dict[str, Any]) -> None:
    assert _read(OLDEST | change).digest != _read(OLDEST).digest


def test_the_order_of_transactions_is_of_the_block() -> None:
    other = TRANSACTION | {"meta": TRANSACTION["meta"] | {"fee": 1}}  # type: ignore[operator]
    forwards = _read(OLDEST | {"transactions": [TRANSACTION, other]})
    backwards = _read(OLDEST | {"transactions": [other, TRANSACTION]})
    assert forwards.digest != backwards.digest


@pytest.mark.parametrize(
    "change",
    [
        {"logMessages": ["Log truncated"]},
        {"computeUnitsConsumed": 1, "costUnits": 5},
        {"innerInstructions": []},
        {"returnData": None},
        {"status": {"Ok": None}},
    ],
    ids=str,
)
def test_what_honest_nodes_tell_differently_is_not_of_the_digest(change: dict[str, Any]) -> None:
    told = TRANSACTION | {"meta": TRANSACTION["meta"] | change}  # type: ignore[operator]
    assert _read(OLDEST | {"transactions": [told, TRANSACTION]}).digest == _read(OLDEST).digest


@pytest.mark.parametrize(
    "change", [{"fee": 1}, {"err": "AccountInUse"}, {"preBalances": [2]}, {"postBalances": [9]}]
)
def test_another_outcome_is_another_block(change: dict[str, Any]) -> None:
    told = TRANSACTION | {"meta": TRANSACTION["meta"] | change}  # type: ignore[operator]
    assert _read(OLDEST | {"transactions": [told, TRANSACTION]}).digest != _read(OLDEST).digest


def test_what_archives_lack_is_not_of_the_digest() -> None:
    more = OLDEST | {"blockHeight": 5, "blockTime": 7, "rewards": [], "numRewardPartitions": 2}
    assert _read(more).digest == _read(OLDEST).digest


def test_a_record_of_its_meta_has_no_count_of_entries() -> None:
    row = _read(OLDEST).rows[-1]
    line = encode(
        RecordWriter(["rpc"], ["all", "metas"]),
        (2, 0, False, 0, HASH, row),
        Commitment.CONFIRMED,
        0,
    )
    record = json.loads(line)
    assert record["entries_count"] is None
    assert record["executed_transaction_count"] == 2


def _without(key: str) -> dict[str, Any]:
    return {name: value for name, value in OLDEST.items() if name != key}


@pytest.mark.parametrize(
    "result",
    [
        *[_without(key) for key in OLDEST],
        OLDEST | {"transactions": None},
        OLDEST | {"transactions": [{**TRANSACTION, "version": 2}]},
        OLDEST | {"transactions": [{**TRANSACTION, "transaction": ["!", "base64"]}]},
        OLDEST | {"transactions": [{**TRANSACTION, "transaction": ["A", "base64"]}]},
        OLDEST | {"transactions": [{**TRANSACTION, "transaction": ["AA==", "base64+zstd"]}]},
        OLDEST | {"transactions": [{**TRANSACTION, "meta": {"fee": 1}}]},
        OLDEST | {"transactions": [{**TRANSACTION, "meta": []}]},
        OLDEST | {"transactions": [{"meta": {}}]},
        OLDEST | {"transactions": ["5Q"]},
        OLDEST | {"parentSlot": "98"},
        OLDEST | {"parentSlot": -1},
        OLDEST | {"blockhash": 5},
        OLDEST | {"blockhash": "no hash"},
        OLDEST | {"rewards": [5]},
        5,
        [],
    ],
)
def test_refuses_what_is_no_whole_block(result: Any) -> None:
    with pytest.raises(BlockMalformed, match=r"^slot 100: the answer") as raised:
        _read(result)
    assert not isinstance(raised.value, BlockUnfinished)


@pytest.mark.parametrize("text", [b"", b"<html>", b"[]", body(OLDEST)[:-9], b"\x1f\x8b"])
def test_refuses_what_is_no_answer(text: bytes) -> None:
    with pytest.raises(BlockMalformed, match=r"^slot 100: the answer"):
        BlockReader(ALL).read(100, text, 5)


def test_an_error_is_told_as_it_came() -> None:
    text = b'{"jsonrpc":"2.0","error":{"code":-32009,"message":"Slot 100 was skipped"},"id":1}'
    with pytest.raises(BlockMalformed, match="Slot 100 was skipped") as raised:
        BlockReader(ALL).read(100, text, 5)
    assert not isinstance(raised.value, BlockUnfinished)


@pytest.mark.parametrize(
    "result",
    [
        None,
        OLDEST | {"transactions": [TRANSACTION, {**TRANSACTION, "meta": None}]},
        OLDEST | {"transactions": [{"transaction": TRANSACTION["transaction"]}]},
    ],
    ids=["null", "a null meta", "no meta"],
)
def test_a_block_that_a_node_has_not_finished_may_be_asked_for_again(result: Any) -> None:
    with pytest.raises(BlockUnfinished, match="slot 100"):
        _read(result)


def test_a_key_that_is_none_is_told_at_once() -> None:
    with pytest.raises(ValueError, match=r"."):
        BlockReader([Monitor("m", transactions=TransactionsFilter(account_include=("no",)))])


def test_blocks_of_the_simulator_are_what_it_streams() -> None:
    chain = GeneratedChain(3, ChainSettings(skipped=0, forked=0, dead=0, recreated=0))
    reader = BlockReader(ALL)
    kinds = (Kind.TRANSACTION, Kind.TRANSACTION_STATUS, Kind.BLOCK_META)
    for number in range(chain.first_slot + 1, chain.first_slot + 6):
        bank = chain.slot(number).banks[-1]
        result = block_json(bank, BlockForm(encoding="base64", max_version=1))
        block = reader.read(number, body(result), 5)
        streamed = {
            (int(update.kind), getattr(update.message, "slot", number), _content(update.message))
            for _, update in bank.updates
            if update.kind in kinds
        }
        ours = set()
        for row in block.rows:
            update = geyser_pb2.SubscribeUpdate.FromString(row[6] or b"")
            message = getattr(update, update.WhichOneof("update_oneof") or "")
            ours.add((row[0], row[1], _content(message)))
        assert {each for each in streamed if each[0] != Kind.BLOCK_META} <= ours
        assert block.blockhash == bank.blockhash


def _content(message: Any) -> bytes:
    copy = type(message)()
    copy.CopyFrom(message)
    if copy.DESCRIPTOR.fields_by_name.get("bank_id") is not None:
        copy.ClearField("bank_id")
    return bytes(copy.SerializeToString(deterministic=True))


@needs_shared_data
@pytest.mark.parametrize(
    "path",
    [
        "blocks/getBlock/devnet-378967388.signatures.json",
        "blocks/getBlock/devnet-147078735.jsonParsed.json",
    ],
)
def test_refuses_real_answers_in_another_detail_or_encoding(path: str) -> None:
    with pytest.raises(BlockMalformed):
        BlockReader(ALL).read(100, read(path), 5)


RICH = block_in_base64(
    OLDEST
    | {
        "blockHeight": 97,
        "blockTime": 1_791_096_571,
        "rewards": [{"pubkey": LEADER, "lamports": -7, "postBalance": 9, "rewardType": "Fee"}],
        "transactions": [
            TRANSACTION
            | {
                "meta": TRANSACTION["meta"]  # type: ignore[operator]
                | {
                    "err": {"InstructionError": [1, {"Custom": 5}]},
                    "innerInstructions": [
                        {"index": 0, "instructions": [{"programIdIndex": 0, "accounts": [0]}]}
                    ],
                    "logMessages": ["Program log"],
                    "loadedAddresses": {"writable": [LEADER], "readonly": []},
                    "preTokenBalances": [
                        {
                            "accountIndex": 1,
                            "mint": LEADER,
                            "owner": LEADER,
                            "uiTokenAmount": {"amount": "1", "decimals": 0},
                        }
                    ],
                    "returnData": {"programId": LEADER, "data": ["AQI=", "base64"]},
                    "computeUnitsConsumed": 5,
                }
            }
        ],
    }
)
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, -1, 0, 2**64, 10**30, 1.5, "", "no", "\ud800", [], {}, [None], ["1"], [-1]]
)


def _places(part: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    members = part.items() if isinstance(part, dict) else enumerate(part)
    found = [path] if path else []
    for name, member in members:
        inner = (*path, name)
        found += _places(member, inner) if isinstance(member, dict | list) else [inner]
    return found


@settings(max_examples=400)
@given(st.sampled_from(_places(RICH)), ODD)
def test_whatever_stands_anywhere_it_is_read_or_refused(path: tuple[Any, ...], odd: Any) -> None:
    changed = deepcopy(RICH)
    part: Any = changed
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = odd
    try:
        block = _read(changed, [*ALL, EXPANDED])
    except BlockMalformed:
        return
    for row in block.rows:
        assert geyser_pb2.SubscribeUpdate.FromString(row[6] or b"").WhichOneof("update_oneof")


def test_an_answer_nested_without_end_is_refused() -> None:
    nested = body(OLDEST).replace(b'"err": null', b'"err": ' + b"[" * 100_000)
    with pytest.raises(BlockMalformed):
        BlockReader(ALL).read(100, nested, 5)


def test_encodings_give_the_same_rows() -> None:
    assert _read(block_in_base64(OLDEST)).rows == _read(OLDEST).rows
