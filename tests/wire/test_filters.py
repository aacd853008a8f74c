"""Monitors' filters are judged here as a server judges them."""

from typing import Any

import pytest

from monitor.core.chain import Commitment, Kind
from monitor.core.errors import FrameMalformed
from monitor.core.monitors import (
    AccountsFilter,
    BlocksFilter,
    BlocksMetaFilter,
    EntryFilter,
    Monitor,
    SlotsFilter,
    TransactionsFilter,
)
from monitor.wire.filters import LocalFilters
from monitor.wire.pb import geyser_pb2
from monitor.wire.slices import cut
from monitor.wire.trim import BlockTrim, trim_block
from tests.filter_cases import FILTER_CASES
from tests.wire.frames import OWNER, PUBKEY, account, frame, transaction
from tests.wire.test_matching import text

P, C, F = Commitment
EVERYONE = 0b1111


def judge(kind: Kind, raw: bytes, candidates: int, *monitors: Monitor) -> int:
    return LocalFilters(monitors).judge(kind, raw, candidates, C)


def test_a_transaction_goes_to_the_monitors_whose_filters_it_fits() -> None:
    raw = frame("x", transaction=transaction())
    monitors = [
        Monitor("a", transactions=TransactionsFilter(account_include=text(PUBKEY))),
        Monitor("b", transactions=TransactionsFilter(vote=True)),
        Monitor("c", transactions_status=TransactionsFilter()),
        Monitor("d", transactions=TransactionsFilter()),
    ]

    assert judge(Kind.TRANSACTION, raw, EVERYONE, *monitors) == 0b1001
    assert judge(Kind.TRANSACTION, raw, 0b0011, *monitors) == 0b0001
    assert judge(Kind.TRANSACTION, raw, 0, *monitors) == 0


def test_a_status_is_judged_by_what_it_says() -> None:
    status = geyser_pb2.SubscribeUpdateTransactionStatus(is_vote=True)
    monitors = [
        Monitor("a", transactions_status=TransactionsFilter(vote=True)),
        Monitor("b", transactions_status=TransactionsFilter(vote=False)),
        Monitor("c", transactions=TransactionsFilter()),
    ]

    raw = frame("x", transaction_status=status)
    assert judge(Kind.TRANSACTION_STATUS, raw, EVERYONE, *monitors) == 0b001
    assert judge(Kind.TRANSACTION_STATUS, raw, 0b110, *monitors) == 0


def test_an_account_write_goes_to_the_monitors_whose_filters_it_fits() -> None:
    raw = frame("x", account=account())
    monitors = [
        Monitor("a", accounts=AccountsFilter(owner=text(PUBKEY))),
        Monitor("b", accounts=AccountsFilter(owner=text(OWNER))),
        Monitor("c", accounts=AccountsFilter(account=text(PUBKEY))),
    ]

    assert judge(Kind.ACCOUNT, raw, EVERYONE, *monitors) == 0b110
    assert judge(Kind.ACCOUNT, raw, 0b011, *monitors) == 0b010


@pytest.mark.parametrize(
    ("kind", "field", "wanted", "member"),
    [
        (Kind.BLOCK, "blocks", BlocksFilter(), {"block": geyser_pb2.SubscribeUpdateBlock()}),
        (
            Kind.BLOCK_META,
            "blocks_meta",
            BlocksMetaFilter(),
            {"block_meta": geyser_pb2.SubscribeUpdateBlockMeta()},
        ),
        (Kind.ENTRY, "entry", EntryFilter(), {"entry": geyser_pb2.SubscribeUpdateEntry()}),
    ],
)
def test_kinds_without_criteria_go_to_all_who_asked(
    kind: Kind, field: str, wanted: Any, member: dict[str, Any]
) -> None:
    asking: dict[str, Any] = {field: wanted}
    monitors = [Monitor("a", **asking), Monitor("b"), Monitor("c", **asking)]

    assert judge(kind, frame("x", **member), EVERYONE, *monitors) == 0b101
    assert judge(kind, frame("x", **member), 0b110, *monitors) == 0b100


def test_a_ping_is_for_nobody() -> None:
    ping = frame(ping=geyser_pb2.SubscribeUpdatePing())

    assert judge(Kind.PING, ping, EVERYONE, Monitor("a", slots=SlotsFilter())) == 0


def test_bytes_that_do_not_parse_are_malformed() -> None:
    with pytest.raises(FrameMalformed, match="did not parse"):
        judge(Kind.ACCOUNT, b"\x12\x05", 1, Monitor("a", accounts=AccountsFilter()))


STATUSES = range(7)


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        (SlotsFilter(), {0, 1, 2}),
        (SlotsFilter(interslot_updates=True), {0, 1, 2, 3, 4, 5, 6}),
        (SlotsFilter(filter_by_commitment=True), {1}),
        (SlotsFilter(filter_by_commitment=True, interslot_updates=True), {1}),
    ],
)
def test_slots_filters_take_statuses_by_level_and_cycle(
    wanted: SlotsFilter, taken: set[int]
) -> None:
    assert {status for status in STATUSES if wanted.takes(status, C)} == taken

    filters = LocalFilters([Monitor("a"), Monitor("b", slots=wanted)])
    for status in STATUSES:
        slot = geyser_pb2.SubscribeUpdateSlot(status=status)  # type: ignore[arg-type]
        judged = filters.judge(Kind.SLOT, frame("x", slot=slot), EVERYONE, C)
        assert judged == (0b10 if status in taken else 0)


def test_a_key_that_is_none_is_refused_when_compiled() -> None:
    with pytest.raises(ValueError, match="Base58"):
        LocalFilters([Monitor("a", accounts=AccountsFilter(account=("0OIl",)))])


@pytest.mark.parametrize(
    ("monitor", "update", "expected"),
    [pytest.param(*case[1:], id=case[0]) for case in FILTER_CASES],
)
def test_judges_every_case_of_the_shared_table(
    monitor: Monitor,
    update: geyser_pb2.SubscribeUpdate,
    expected: bool | geyser_pb2.SubscribeUpdate,
) -> None:
    kind = geyser_pb2.SubscribeUpdate.DESCRIPTOR.fields_by_name[
        update.WhichOneof("update_oneof") or ""
    ].number
    level = Commitment.PROCESSED if monitor.commitment is None else monitor.commitment

    is_wanted = LocalFilters([monitor]).judge(kind, update.SerializeToString(), 1, level) == 1

    assert is_wanted == bool(expected)
    if isinstance(expected, geyser_pb2.SubscribeUpdate):
        assert shaped(monitor, update) == expected


def shaped(monitor: Monitor, update: geyser_pb2.SubscribeUpdate) -> geyser_pb2.SubscribeUpdate:
    """The update as the monitor gets it: trimmed by its blocks filter, its data cut."""
    copy = geyser_pb2.SubscribeUpdate()
    copy.CopyFrom(update)
    if monitor.blocks is not None:
        trim_block(copy.block, BlockTrim(monitor.blocks))
    writes = copy.block.accounts if copy.HasField("block") else [copy.account.account]
    for write in writes:
        write.data = cut(write.data, monitor.data_slices)
    return copy
