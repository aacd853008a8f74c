"""What an RPC tells of real blocks against what a stream tells of them: the same transactions for the same monitors.

The stream's form is the protobuf that a block was stored as, where there is one; else the plain mapping of the answer.
Known differences of the source are as in test_real_blocks.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest

from monitor.core.chain import Commitment, Kind
from monitor.core.errors import BlockMalformed
from monitor.core.events import Row
from monitor.core.monitors import (
    BlocksMetaFilter,
    Monitor,
    TokenAccounts,
    TransactionsFilter,
)
from monitor.wire.base58 import key_text, signature_text
from monitor.wire.blocks import MappedBlock, frames, map_block
from monitor.wire.filters import LocalFilters
from monitor.wire.pb.geyser_pb2 import SubscribeUpdate, SubscribeUpdateTransactionInfo
from monitor.wire.pb.solana_storage_pb2 import ConfirmedBlock
from monitor.wire.records import RecordWriter
from monitor.wire.rpc_block import BlockReader
from monitor.wire.transactions import is_simple_vote
from tests.real_blocks import (
    BLOCK_2025_JSON,
    BLOCK_2025_PROTOBUF,
    RUN_JSON,
    read,
    read_json,
    read_lines,
    read_run_protobuf,
)
from tests.rpc_bodies import block_in_base64, body
from tests.shared_data import SHARED, needs_shared_data
from tests.wire.record_samples import encode
from tests.wire.test_cuckoo import filled
from tests.wire.test_real_blocks import NOT_IN_THE_SOURCE

pytestmark = [needs_shared_data]

Info = SubscribeUpdateTransactionInfo
Streamed = list[tuple[int, bytes]]
"""(mask, frame) by index."""
FEW = 100
"""Transactions for which a cuckoo filter, slow in Python, is asked too."""


def monitors_for(infos: Sequence[Info]) -> list[Monitor]:
    """Filters of every sort, that take many, few or none of these transactions."""
    keys: Counter[bytes] = Counter()
    owners: Counter[str] = Counter()
    for info in infos:
        keys.update({*info.transaction.message.account_keys})
        keys.update({*info.meta.loaded_writable_addresses, *info.meta.loaded_readonly_addresses})
        owners.update({held.owner for held in info.meta.post_token_balances if held.owner})
    common = [key_text(key) for key, _ in keys.most_common(12)]
    rare = [key_text(key) for key, _ in keys.most_common()[-5:]]
    loaded = [key_text(key) for info in infos for key in info.meta.loaded_readonly_addresses][:3]
    holders = tuple(owner for owner, _ in owners.most_common(3)) or (common[0],)
    filters = [
        TransactionsFilter(),
        TransactionsFilter(vote=True),
        TransactionsFilter(vote=False, failed=True),
        TransactionsFilter(failed=False, account_include=(common[-1],)),
        TransactionsFilter(account_include=tuple(rare)),
        TransactionsFilter(account_include=tuple(loaded) or (rare[0],)),
        TransactionsFilter(account_required=tuple(common[1:3])),
        TransactionsFilter(account_include=(common[0],), account_exclude=tuple(common[2:5])),
        TransactionsFilter(signature=signature_text(infos[len(infos) // 2].signature)),
        TransactionsFilter(account_include=holders, token_accounts=TokenAccounts.ALL),
        TransactionsFilter(account_include=holders, token_accounts=TokenAccounts.BALANCE_CHANGED),
    ]
    if len(infos) < FEW:
        rarest = [key for key, _ in keys.most_common()[-5:]]
        filters.append(TransactionsFilter(cuckoo_account_include=filled(rarest, 4)))
    return [
        Monitor(f"m{place}", transactions=each, blocks_meta=BlocksMetaFilter())
        for place, each in enumerate(filters)
    ]


def _frame(info: Info, slot: int) -> bytes:
    update = SubscribeUpdate()
    update.transaction.slot = slot
    update.transaction.transaction.CopyFrom(info)
    return update.SerializeToString()


def _stream_of(infos: Iterable[Info], slot: int, monitors: Sequence[Monitor]) -> Streamed:
    """What a feed brings of these transactions, with who wants each."""
    filters = LocalFilters(monitors)
    everyone = (1 << len(monitors)) - 1
    found = []
    for info in infos:
        frame = _frame(info, slot)
        mask = filters.judge(Kind.TRANSACTION, frame, everyone, Commitment.CONFIRMED)
        found.append((mask, frame))
    return found


def _stored(source: ConfirmedBlock) -> list[Info]:
    return [
        Info(
            signature=each.transaction.signatures[0],
            is_vote=is_simple_vote(each.transaction),
            transaction=each.transaction,
            meta=each.meta,
            index=index,
        )
        for index, each in enumerate(source.transactions)
    ]


def _without_lost(frame: bytes, lost: Sequence[str]) -> SubscribeUpdate:
    update = SubscribeUpdate.FromString(frame)
    for field in lost:
        update.transaction.transaction.meta.ClearField(field)  # type: ignore[arg-type]
    return update


def _assert_alike(
    rows: Sequence[Row], streamed: Streamed, slot: int, lost: Sequence[str] = ()
) -> None:
    """Each way: what is in the one is in the other, the same for the same monitors, to the byte where nothing was lost."""
    ours = {row[4]: row for row in rows if row[0] == Kind.TRANSACTION}
    theirs = {index: each for index, each in enumerate(streamed) if each[0]}
    assert ours.keys() == theirs.keys()
    for index, (mask, frame) in theirs.items():
        row = ours[index]
        assert row[6] is not None
        assert (row[1], row[3]) == (slot, mask)
        if lost:
            assert _without_lost(row[6], lost) == _without_lost(frame, lost)
        else:
            assert row[6] == frame
            assert row[2] == frame_key(frame)


def frame_key(frame: bytes) -> bytes:
    """The key of a transaction's row, by its frame."""
    info = SubscribeUpdate.FromString(frame).transaction.transaction
    return info.signature + info.index.to_bytes(8, "little")


def _assert_one(slot: int, result: dict[str, Any], plain: MappedBlock) -> None:
    """The block by RPC, every monitor at once and each alone, against the stream of the plain mapping."""
    monitors = monitors_for(plain.transactions)
    streamed = _stream_of(plain.transactions, slot, monitors)
    answer = body(block_in_base64(result))
    block = BlockReader(monitors).read(slot, answer, 0)
    _assert_alike(block.rows, streamed, slot)
    assert block.rows[-1][6] == frames(plain)[-1]
    assert block.count == len(plain.transactions)
    for place, monitor in enumerate(monitors):
        alone = [(mask >> place & 1, frame) for mask, frame in streamed]
        _assert_alike(BlockReader([monitor]).read(slot, answer, 0).rows, alone, slot)


def test_a_run_of_blocks_is_what_its_protobuf_streams() -> None:
    count = 0
    for (slot, result), (_, source) in zip(read_lines(RUN_JSON), read_run_protobuf(), strict=True):
        infos = _stored(source)
        monitors = monitors_for(infos)
        block = BlockReader(monitors).read(slot, body(block_in_base64(result)), 0)
        _assert_alike(block.rows, _stream_of(infos, slot, monitors), slot, NOT_IN_THE_SOURCE)
        by_parts = BlockReader(monitors).read(slot, body(result), 0)
        assert by_parts.rows == block.rows
        assert block.parent_slot == source.parent_slot
        assert (block.blockhash, block.previous_blockhash) == (
            source.blockhash,
            source.previous_blockhash,
        )
        count += block.count
    assert count == 34_950


def test_a_block_of_2025_is_what_its_protobuf_streams() -> None:
    ((slot, result),) = read_lines(BLOCK_2025_JSON)
    infos = _stored(ConfirmedBlock.FromString(read(BLOCK_2025_PROTOBUF)))
    monitors = monitors_for(infos)
    block = BlockReader(monitors).read(slot, body(block_in_base64(result)), 0)
    streamed = _stream_of(infos, slot, monitors)
    _assert_alike(block.rows, streamed, slot, NOT_IN_THE_SOURCE)
    masks = [sum(mask >> place & 1 for mask, _ in streamed) for place in range(len(monitors))]
    assert all(masks), "each of the filters takes something"
    assert masks[0] > max(masks[1:]), "and only one takes all"


@pytest.mark.parametrize(
    "path",
    [
        "blocks/getBlock/mainnet-361774429.base64.json.zst",
        "blocks/getBlock/mainnet-254170887.base64.json.zst",
        "blocks/getBlock/devnet-443787702.base64.json",
        "blocks/getBlock/devnet-270893658.base64.json",
        "transactions/v1/devnet-v1-block-507277497.getBlock.result.reduced-2tx.json",
    ],
)
def test_a_block_is_what_its_plain_mapping_streams(path: str) -> None:
    result = read_json(path)
    _assert_one(300, result, map_block(300, result))


def test_one_block_is_the_same_in_both_encodings() -> None:
    parts = read_json("blocks/getBlock/devnet-147078735.json.json")
    packed = read_json("blocks/getBlock/devnet-147078735.base64.json")
    reader = BlockReader(monitors_for(map_block(1, parts).transactions))
    assert reader.read(1, body(parts), 0).rows == reader.read(1, body(packed), 0).rows
    again = reader.read(1, body(block_in_base64(parts)), 0)
    assert again == reader.read(1, body(packed), 0)


def _told_singly(document: Any) -> Iterator[dict[str, Any]]:
    """Some files have lost the version of transactions with lookups, which only version 0 has."""
    if isinstance(document, dict):
        if "meta" in document and "transaction" in document:
            yield (
                {"version": 0, **document}
                if '"addressTableLookups": [{' in json.dumps(document["transaction"])
                else document
            )
        else:
            for each in document.values():
                yield from _told_singly(each)
    elif isinstance(document, list):
        for each in document:
            yield from _told_singly(each)


def _single_transactions() -> Iterator[tuple[dict[str, Any], MappedBlock]]:
    """All that are in a form that getBlock tells, each as a block of its own, with its plain mapping."""
    for path in sorted((SHARED / "transactions").rglob("*.json")):
        for told in _told_singly(json.loads(path.read_bytes())):
            result = {
                "blockhash": "1" * 32,
                "previousBlockhash": "1" * 32,
                "parentSlot": 1,
                "transactions": [told],
            }
            try:
                plain = map_block(300, result)
            except BlockMalformed:
                continue
            yield result, plain


def test_every_single_transaction_is_what_its_plain_mapping_streams() -> None:
    versions: Counter[tuple[bool, bool]] = Counter()
    for result, plain in _single_transactions():
        _assert_one(300, result, plain)
        message = plain.transactions[0].transaction.message
        versions[message.versioned, message.HasField("config")] += 1
    assert versions == {(False, False): 142, (True, False): 91, (True, True): 2}


def test_records_made_of_an_rpcs_rows_are_those_of_the_stream() -> None:
    """But for source and endpoint, which the caller names, and the time of receipt."""
    result = read_json("blocks/getBlock/mainnet-254170887.base64.json.zst")
    plain = map_block(254_170_887, result)
    monitors = [Monitor("all", transactions=TransactionsFilter(), blocks_meta=BlocksMetaFilter())]
    rows = BlockReader(monitors).read(254_170_887, body(result), 0).rows
    writer = RecordWriter(["ams"], ["all"])
    for row, frame in zip(rows, frames(plain, ("all",)), strict=True):
        live = (*row[:6], frame)
        lines = [
            encode(writer, (1, 0, False, 0, plain.meta.blockhash, each), Commitment.CONFIRMED, 0)
            for each in (row, live)
        ]
        assert lines[0] == lines[1]
