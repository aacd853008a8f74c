"""Filters as the server compiles them: every case of PROTOCOL 4, and what a frame is made of."""

from collections.abc import Iterable

import pytest

from monitor.core.chain import Kind, SlotStatus
from monitor.core.monitors import DataSlice, Monitor, SlotsFilter
from monitor.simulator.encoding import update as encoded
from monitor.simulator.filter_checks import FilterRefused
from monitor.simulator.filters import Filter
from monitor.simulator.limits import FilterLimits
from monitor.simulator.received import FrozenBlock, Message, Received, StatusNews
from monitor.wire import requests
from monitor.wire.pb import geyser_pb2
from tests.filter_cases import FILTER_CASES
from tests.filter_refusals import REFUSAL_CASES
from tests.filter_updates import A, B, account, block, text, transaction, transaction_info

STAMP = 1_795_000_000_123_456_789


def request_of(monitor: Monitor) -> geyser_pb2.SubscribeRequest:
    request = geyser_pb2.SubscribeRequest()
    if monitor.commitment is not None:
        request.commitment = geyser_pb2.CommitmentLevel.ValueType(monitor.commitment)
    if monitor.transactions is not None:
        request.transactions[monitor.name].CopyFrom(requests.transactions(monitor.transactions))
    if monitor.transactions_status is not None:
        wanted = requests.transactions(monitor.transactions_status)
        request.transactions_status[monitor.name].CopyFrom(wanted)
    if monitor.accounts is not None:
        request.accounts[monitor.name].CopyFrom(requests.accounts(monitor.accounts))
    if monitor.slots is not None:
        request.slots[monitor.name].CopyFrom(slots(monitor.slots))
    if monitor.blocks is not None:
        request.blocks[monitor.name].CopyFrom(requests.blocks(monitor.blocks))
    if monitor.blocks_meta is not None:
        request.blocks_meta[monitor.name].SetInParent()
    if monitor.entry is not None:
        request.entry[monitor.name].SetInParent()
    request.accounts_data_slice.extend(slices(monitor.data_slices))
    return request


def slots(wanted: SlotsFilter) -> geyser_pb2.SubscribeRequestFilterSlots:
    return geyser_pb2.SubscribeRequestFilterSlots(
        filter_by_commitment=wanted.filter_by_commitment,
        interslot_updates=wanted.interslot_updates,
    )


def slices(
    wanted: Iterable[DataSlice],
) -> list[geyser_pb2.SubscribeRequestAccountsDataSlice]:
    return [
        geyser_pb2.SubscribeRequestAccountsDataSlice(offset=cut.offset, length=cut.length)
        for cut in wanted
    ]


def received(update: geyser_pb2.SubscribeUpdate) -> Message:
    """The update as the server holds it before any filter."""
    match update.WhichOneof("update_oneof"):
        case "transaction":
            return taken(Kind.TRANSACTION, update.transaction)
        case "transaction_status":
            status = update.transaction_status
            info = transaction_info(
                vote=status.is_vote, failed=status.HasField("err"), signature=status.signature
            )
            return taken(Kind.TRANSACTION, transaction(info).transaction)
        case "account":
            return taken(Kind.ACCOUNT, update.account)
        case "entry":
            return taken(Kind.ENTRY, update.entry)
        case "block_meta":
            return taken(Kind.BLOCK_META, update.block_meta)
        case "slot":
            return StatusNews(update.slot.slot, SlotStatus(update.slot.status), STAMP)
        case _:
            return frozen(update.block)


def taken(
    kind: Kind,
    message: geyser_pb2.SubscribeUpdateTransaction
    | geyser_pb2.SubscribeUpdateAccount
    | geyser_pb2.SubscribeUpdateEntry
    | geyser_pb2.SubscribeUpdateBlockMeta,
) -> Received:
    return Received(encoded(kind, message.slot, message), STAMP)


def frozen(whole: geyser_pb2.SubscribeUpdateBlock) -> FrozenBlock:
    arrived = [received(transaction(info)) for info in whole.transactions]
    arrived += [received(account(info)) for info in whole.accounts]
    arrived += [taken(Kind.ENTRY, entry) for entry in whole.entries]
    meta = geyser_pb2.SubscribeUpdateBlockMeta(
        slot=whole.slot,
        blockhash=whole.blockhash,
        rewards=whole.rewards,
        block_time=whole.block_time,
        block_height=whole.block_height,
        parent_slot=whole.parent_slot,
        parent_blockhash=whole.parent_blockhash,
        executed_transaction_count=whole.executed_transaction_count,
        entries_count=whole.entries_count,
    )
    contents = [message for message in arrived if isinstance(message, Received)]
    return FrozenBlock(contents, taken(Kind.BLOCK_META, meta), STAMP)


def parsed(frames: list[bytes]) -> list[geyser_pb2.SubscribeUpdate]:
    return [geyser_pb2.SubscribeUpdate.FromString(frame) for frame in frames]


@pytest.mark.parametrize(
    ("monitor", "update", "expected"),
    [pytest.param(*case[1:], id=case[0]) for case in FILTER_CASES],
)
def test_filter_case(
    monitor: Monitor,
    update: geyser_pb2.SubscribeUpdate,
    expected: bool | geyser_pb2.SubscribeUpdate,
) -> None:
    compiled = Filter(request_of(monitor), FilterLimits())
    arrived = parsed(compiled.frames(received(update)))
    if expected is False:
        assert arrived == []
        return
    whole = geyser_pb2.SubscribeUpdate()
    whole.CopyFrom(update if expected is True else expected)
    whole.filters.append(monitor.name)
    whole.created_at.FromNanoseconds(STAMP)
    assert arrived == [whole]


@pytest.mark.parametrize(
    ("request_message", "limits", "expected"),
    [pytest.param(*case[1:], id=case[0]) for case in REFUSAL_CASES],
)
def test_refusal_case(
    request_message: geyser_pb2.SubscribeRequest, limits: FilterLimits, expected: str
) -> None:
    with pytest.raises(FilterRefused) as refused:
        Filter(request_message, limits)
    assert str(refused.value) == expected


@pytest.mark.parametrize(
    ("request_message", "limits"),
    [
        pytest.param(case[1], FilterLimits(), id=case[0])
        for case in REFUSAL_CASES
        if case[2] != FilterLimits()
    ],
)
def test_without_limits_the_same_request_is_served(
    request_message: geyser_pb2.SubscribeRequest, limits: FilterLimits
) -> None:
    assert Filter(request_message, limits).commitment == 0


def test_one_update_carries_every_name_that_takes_it() -> None:
    request = geyser_pb2.SubscribeRequest()
    request.transactions["all"].SetInParent()
    request.transactions["mine"].account_include.append(text(A))
    request.transactions["theirs"].account_include.append(text(B))
    (update,) = parsed(Filter(request, FilterLimits()).frames(received(transaction())))
    assert sorted(update.filters) == ["all", "mine"]


def test_transaction_and_its_status_are_two_updates_in_this_order() -> None:
    request = geyser_pb2.SubscribeRequest()
    request.transactions_status["s"].SetInParent()
    request.transactions["t"].SetInParent()
    arrived = parsed(Filter(request, FilterLimits()).frames(received(transaction())))
    assert [update.WhichOneof("update_oneof") for update in arrived] == [
        "transaction",
        "transaction_status",
    ]


def test_status_of_a_failed_transaction_has_its_error() -> None:
    request = geyser_pb2.SubscribeRequest()
    request.transactions_status["s"].account_include.append(text(A))
    failed = received(transaction(transaction_info(failed=True)))
    (update,) = parsed(Filter(request, FilterLimits()).frames(failed))
    assert update.transaction_status.err.err == b"\x08\0\0\0"
    assert update.transaction_status.index == 3


def test_each_blocks_filter_gets_an_update_of_its_own() -> None:
    request = geyser_pb2.SubscribeRequest()
    request.blocks["one"].SetInParent()
    request.blocks["two"].include_transactions = False
    arrived = parsed(Filter(request, FilterLimits()).frames(frozen(block().block)))
    assert sorted(list(update.filters) for update in arrived) == [["one"], ["two"]]


def test_nameless_filter_is_fine() -> None:
    request = geyser_pb2.SubscribeRequest()
    request.entry[""].SetInParent()
    entry = taken(Kind.ENTRY, geyser_pb2.SubscribeUpdateEntry(slot=1))
    (update,) = parsed(Filter(request, FilterLimits()).frames(entry))
    assert list(update.filters) == [""]


def test_memcmp_reads_base58_and_base64() -> None:
    request = geyser_pb2.SubscribeRequest()
    request.accounts["58"].filters.add().memcmp.base58 = "11233"  # two zeros, then 0x0d9a
    request.accounts["64"].filters.add().memcmp.base64 = "AAAN/w=="
    compiled = Filter(request, FilterLimits())
    write = account()
    write.account.account.data = bytes((0, 0, 0x0D, 0x9A))
    assert parsed(compiled.frames(received(write)))[0].filters == ["58"]
    write.account.account.data = bytes((0, 0, 0x0D, 0xFF))
    assert parsed(compiled.frames(received(write)))[0].filters == ["64"]
