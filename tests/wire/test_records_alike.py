"""The fast way to a record and the plain way give the same bytes: over real frames, and over messages that no server sent."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.chain import KIND_WORDS, Commitment, Kind
from monitor.core.commands import Released
from monitor.core.monitors import DataSlice
from monitor.wire.blocks import frames, map_block
from monitor.wire.pb import geyser_pb2 as pb
from monitor.wire.pb import solana_storage_pb2 as storage
from monitor.wire.records import RecordWriter, block_key
from tests.bench.corpus import account_writes
from tests.bench.wire_fields import delimited
from tests.real_blocks import BLOCK_2025_JSON, read, read_json, read_lines
from tests.shared_data import needs_shared_data
from tests.wire.plain_records import plain_record
from tests.wire.record_samples import encode
from tests.wire.test_recorded_stream import recorded_frames

AT = 1_795_246_920_123_456_789
BLOCKHASH = "9inP1FNRPkNgmbh2wgepUHcWEJJuh7PmpVXpiB9hQXcR"
WRITER = RecordWriter(["ams"], ["all"])


def _released(frame: bytes, write: bytes = b"") -> Released | None:
    """As the kernel would release it; None for a frame that makes no record by its bytes alone."""
    update = pb.SubscribeUpdate.FromString(frame)
    word = update.WhichOneof("update_oneof")
    kinds = [kind for kind, each in KIND_WORDS.items() if each == word and kind is not Kind.SLOT]
    if not kinds or word is None:
        return None
    member = getattr(update, word)
    key = (member.blockhash, "all") if kinds[0] is Kind.BLOCK else write
    return 1, 0, False, 0, BLOCKHASH, (int(kinds[0]), 300, key, 1, None, 5, frame)


def _assert_alike(
    frame: bytes,
    level: Commitment = Commitment.CONFIRMED,
    data_slices: tuple[DataSlice, ...] | None = None,
    write: bytes = b"",
) -> None:
    released = _released(frame, write)
    if released is None:
        return
    names_write = level is Commitment.PROCESSED and bool(write)
    plain = plain_record(released, level, AT, data_slices=data_slices, names_write=names_write)
    assert encode(WRITER, released, level, AT, data_slices) == plain
    if released[5][0] == Kind.BLOCK:
        end = b"".join(WRITER.prepare_block(released, data_slices))
        assert WRITER.line(released, level, 1, AT, (block_key(released[5]), end)) == plain


def _real_transactions_of(path: str) -> Iterator[bytes]:
    if path == BLOCK_2025_JSON:
        for slot, result in read_lines(path):
            yield from frames(map_block(slot, result), ("all",))
    else:
        yield from frames(map_block(1, read_json(path)), ("all",))


@needs_shared_data
@pytest.mark.parametrize(
    "path",
    [
        BLOCK_2025_JSON,
        "blocks/getBlock/mainnet-361774429.base64.json.zst",
        "blocks/getBlock/mainnet-254170887.base64.json.zst",
        "blocks/getBlock/devnet-443787702.base64.json",
    ],
)
def test_over_transactions_of_real_blocks(path: str) -> None:
    for frame in _real_transactions_of(path):
        _assert_alike(frame)


@needs_shared_data
def test_over_the_recorded_stream() -> None:
    for frame in recorded_frames():
        _assert_alike(frame)


@needs_shared_data
def test_over_a_whole_block_message() -> None:
    block = pb.SubscribeUpdateBlock.FromString(
        read("blocks/orig/testnet-251402816.SubscribeUpdateBlock.bin.zst")
    )
    block.accounts.extend(account_writes(20, 1))
    for each in block.transactions[:40]:
        status = pb.SubscribeUpdateTransactionStatus(
            signature=each.signature, index=each.index, err=each.meta.err
        )
        _assert_alike(_frame(transaction_status=status))
    _assert_alike(_frame(block=block), data_slices=(DataSlice(1, 30),))


u64 = st.integers(0, 2**64 - 1)
u32 = st.integers(0, 2**32 - 1)
some_bytes = st.binary(max_size=12)
texts = st.text(max_size=6)
pubkeys = st.sampled_from([bytes(32), bytes(31) + b"\1", b"\xff" * 32])
signatures = st.sampled_from([bytes(64), b"\xfe" * 64])
wanting_messages = st.one_of(st.just(b"\x08\x00\x00\x00\x02\x19\x00\x00\x00\x07"), some_bytes)


def _messages(kind: type[Any], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Messages with any of these fields set."""
    return st.fixed_dictionaries({}, optional=fields).map(lambda given: kind(**given))


def _few(each: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(each, max_size=3)


errors = _messages(storage.TransactionError, err=wanting_messages)
holdings = _messages(
    storage.TokenBalance,
    account_index=st.one_of(st.integers(0, 3), st.integers(120, 300)),
    mint=texts,
    owner=texts,
    program_id=texts,
    ui_token_amount=_messages(storage.UiTokenAmount, amount=texts, decimals=u32),
)
called = _messages(
    storage.InnerInstruction,
    program_id_index=u32,
    accounts=some_bytes,
    data=some_bytes,
    stack_height=u32,
)
metas = _messages(
    storage.TransactionStatusMeta,
    err=errors,
    fee=u64,
    pre_balances=_few(u64),
    post_balances=st.one_of(_few(u64), st.just([2**63] * 20)),
    inner_instructions=_few(
        _messages(storage.InnerInstructions, index=u32, instructions=_few(called))
    ),
    inner_instructions_none=st.booleans(),
    log_messages=_few(texts),
    log_messages_none=st.booleans(),
    pre_token_balances=_few(holdings),
    post_token_balances=_few(holdings),
    loaded_writable_addresses=_few(pubkeys),
    loaded_readonly_addresses=_few(pubkeys),
    return_data=st.builds(storage.ReturnData, program_id=pubkeys, data=some_bytes),
    compute_units_consumed=u64,
    cost_units=u64,
)
outer = _messages(
    storage.CompiledInstruction,
    program_id_index=u32,
    accounts=some_bytes,
    data=st.one_of(some_bytes, st.just(b"long" * 300)),
)
messages = st.builds(
    storage.Message,
    account_keys=_few(pubkeys),
    recent_blockhash=pubkeys,
    instructions=_few(outer),
    versioned=st.booleans(),
    config=st.one_of(st.none(), _messages(storage.TransactionConfig, heap_size=u32)),
)
infos = st.builds(
    pb.SubscribeUpdateTransactionInfo,
    signature=signatures,
    index=u64,
    is_vote=st.booleans(),
    transaction=st.builds(storage.Transaction, signatures=_few(signatures), message=messages),
    meta=st.one_of(st.none(), metas),
)
writes = st.builds(
    pb.SubscribeUpdateAccountInfo,
    pubkey=pubkeys,
    owner=pubkeys,
    lamports=u64,
    executable=st.booleans(),
    rent_epoch=u64,
    data=some_bytes,
    write_version=u64,
    txn_signature=st.one_of(st.none(), signatures),
)
entries = st.builds(
    pb.SubscribeUpdateEntry,
    index=u64,
    num_hashes=u64,
    hash=pubkeys,
    executed_transaction_count=u64,
    starting_transaction_index=u64,
)


def _frame(**member: Message | None) -> bytes:
    return pb.SubscribeUpdate(filters=["all"], **member).SerializeToString()  # type: ignore[arg-type]


@given(infos)
def test_over_any_transaction(info: pb.SubscribeUpdateTransactionInfo) -> None:
    _assert_alike(_frame(transaction=pb.SubscribeUpdateTransaction(transaction=info)))


@given(writes, st.sampled_from(Commitment), st.sampled_from([None, (DataSlice(0, 3),)]))
def test_over_any_account(
    write: pb.SubscribeUpdateAccountInfo,
    level: Commitment,
    data_slices: tuple[DataSlice, ...] | None,
) -> None:
    key = write.pubkey + (write.txn_signature or b"!" + bytes(16))
    frame = _frame(account=pb.SubscribeUpdateAccount(account=write))
    _assert_alike(frame, level, data_slices, key)


@given(texts, _few(infos), _few(writes), _few(entries))
def test_over_any_block(
    blockhash: str,
    transactions: list[pb.SubscribeUpdateTransactionInfo],
    accounts: list[pb.SubscribeUpdateAccountInfo],
    held: list[pb.SubscribeUpdateEntry],
) -> None:
    block = pb.SubscribeUpdateBlock(
        blockhash=blockhash, transactions=transactions, accounts=accounts, entries=held
    )
    _assert_alike(_frame(block=block))
    meta = pb.SubscribeUpdateBlockMeta(blockhash=blockhash, parent_blockhash=blockhash)
    _assert_alike(_frame(block_meta=meta))


def _tail(*fields: Callable[[storage.TransactionStatusMeta], None]) -> bytes:
    raw = b""
    for each in fields:
        meta = storage.TransactionStatusMeta()
        each(meta)
        raw += meta.SerializeToString()
    return raw


def _fee(meta: storage.TransactionStatusMeta) -> None:
    meta.fee = 5_000


def _logs(meta: storage.TransactionStatusMeta) -> None:
    meta.log_messages.append("said")


def _failed(meta: storage.TransactionStatusMeta) -> None:
    meta.err.err = bytes(4)


def _balances(meta: storage.TransactionStatusMeta) -> None:
    meta.pre_balances.extend([1, 2])
    meta.post_balances.append(3)


@pytest.mark.parametrize(
    "fields",
    [(_logs, _fee), (_fee, _logs, _failed), (_balances, _logs, _balances), (_logs, _balances)],
)
def test_over_votes_whose_metas_are_written_in_another_order(
    fields: tuple[Callable[[storage.TransactionStatusMeta], None], ...],
) -> None:
    info = pb.SubscribeUpdateTransactionInfo(
        signature=bytes(64),
        is_vote=True,
        transaction=storage.Transaction(message=storage.Message(recent_blockhash=bytes(32))),
    ).SerializeToString()
    info += delimited(4, _tail(*fields))
    _assert_alike(delimited(4, delimited(1, info)))


@pytest.mark.parametrize(
    "content", [b"", b"\x08\x02\x12\x01m\x08\x05", b"\x08\x81\x00\x12\x01m", b"\x12\x01m"]
)
def test_over_token_balances_however_their_index_is_written(content: bytes) -> None:
    info = pb.SubscribeUpdateTransactionInfo(
        signature=bytes(64),
        transaction=storage.Transaction(message=storage.Message(recent_blockhash=bytes(32))),
    ).SerializeToString()
    info += delimited(4, delimited(7, content) + delimited(8, content))
    _assert_alike(delimited(4, delimited(1, info)))
