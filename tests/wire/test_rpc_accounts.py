"""States of accounts that an RPC tells, as rows."""

import json
from base64 import b64encode
from typing import Any

import pytest

from monitor.core.chain import Commitment, Kind
from monitor.core.errors import AccountsMalformed
from monitor.core.monitors import AccountsFilter, AccountState, DataSlice, Monitor
from monitor.wire.names import NameTable
from monitor.wire.pb import geyser_pb2
from monitor.wire.peek import peek
from monitor.wire.records import RecordWriter
from monitor.wire.rpc_accounts import AccountsReader
from tests.filter_updates import A, B, C, text
from tests.wire.record_samples import encode

PUBKEYS = [text(A), text(B)]
ACCOUNT: dict[str, Any] = {
    "data": [b64encode(b"abcdef").decode(), "base64"],
    "executable": False,
    "lamports": 7,
    "owner": text(C),
    "rentEpoch": 2**64 - 1,
    "space": 6,
}
MONITORS = [
    Monitor("both", accounts=AccountsFilter(account=tuple(PUBKEYS))),
    Monitor("second", accounts=AccountsFilter(account=(text(B),))),
    Monitor("longer", accounts=AccountsFilter(state=AccountState(datasize=7))),
    Monitor("owned", accounts=AccountsFilter(owner=(text(C),), state=AccountState(datasize=6))),
    Monitor("transactions only"),
]


def _body(value: Any, slot: Any = 300) -> bytes:
    result = {"context": {"slot": slot, "apiVersion": "4.3.0"}, "value": value}
    return json.dumps({"jsonrpc": "2.0", "result": result, "id": 1}).encode()


def test_each_account_that_exists_is_a_row_at_the_slot_of_the_context() -> None:
    slot, rows = AccountsReader(MONITORS).read(PUBKEYS, _body([ACCOUNT, ACCOUNT]), 5)
    assert slot == 300
    assert [(row[0], row[1], row[3], row[4], row[5]) for row in rows] == [
        (Kind.ACCOUNT, 300, 0b01001, 0, 5),
        (Kind.ACCOUNT, 300, 0b01011, 0, 5),
    ]
    write = geyser_pb2.SubscribeUpdate.FromString(rows[1][6] or b"").account
    assert write.slot == 300
    assert write.account == geyser_pb2.SubscribeUpdateAccountInfo(
        pubkey=B, lamports=7, owner=C, rent_epoch=2**64 - 1, data=b"abcdef"
    )


def test_one_that_was_closed_is_told_as_the_write_that_closed_it() -> None:
    slot, rows = AccountsReader(MONITORS).read(PUBKEYS, _body([None, ACCOUNT]), 5)
    assert [(row[1], row[2][:32], row[3]) for row in rows] == [(300, A, 0b00001), (300, B, 0b01011)]
    update = geyser_pb2.SubscribeUpdate.FromString(rows[0][6] or b"").account
    assert update.slot == slot
    assert update.account == geyser_pb2.SubscribeUpdateAccountInfo(pubkey=A, owner=bytes(32))


def test_one_that_was_closed_is_judged_like_any_other() -> None:
    monitors = [
        Monitor("of the system", accounts=AccountsFilter(owner=(text(bytes(32)),))),
        Monitor("of another", accounts=AccountsFilter(owner=(text(C),))),
        Monitor("empty", accounts=AccountsFilter(state=AccountState(datasize=0))),
    ]
    _, rows = AccountsReader(monitors).read(PUBKEYS[:1], _body([None]), 5)
    assert [row[3] for row in rows] == [0b101]


def test_its_key_is_that_of_an_unsigned_write_of_the_same_content() -> None:
    _, rows = AccountsReader(MONITORS).read(PUBKEYS[:1], _body([ACCOUNT]), 5)
    frame = b"\x0a\x03all" + (rows[0][6] or b"")
    (streamed,) = peek([(5, frame)], NameTable(1, {"all": 9}, lambda _kind, _frame: 0))
    assert streamed[:6] == rows[0][:6]
    changed = ACCOUNT | {"lamports": 8}
    _, others = AccountsReader(MONITORS).read(PUBKEYS[:1], _body([changed]), 5)
    assert others[0][2] != rows[0][2]


def test_data_are_judged_whole_and_cut_as_servers_cut_them() -> None:
    reader = AccountsReader(MONITORS, (DataSlice(1, 2), DataSlice(4, 9)))
    _, rows = reader.read(PUBKEYS[:1], _body([ACCOUNT]), 5)
    assert rows[0][3] == 0b01001
    write = geyser_pb2.SubscribeUpdate.FromString(rows[0][6] or b"").account.account
    assert write.data == b"bc"


def test_a_state_that_no_monitor_wants_has_an_empty_mask() -> None:
    longer = [MONITORS[2]]
    _, rows = AccountsReader(longer).read(PUBKEYS[:1], _body([ACCOUNT]), 5)
    assert [row[3] for row in rows] == [0]


def test_its_record_names_no_transaction() -> None:
    _, rows = AccountsReader(MONITORS).read(PUBKEYS[:1], _body([ACCOUNT]), 5)
    writer = RecordWriter(["rpc"], [monitor.name for monitor in MONITORS])
    record = json.loads(encode(writer, (1, 0, False, 0, None, rows[0]), Commitment.CONFIRMED, 0))
    assert record["txn_signature"] is None
    assert record["data"] == "YWJjZGVm"
    assert record["id"] == f"300:account:{text(A)}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"jsonrpc":"2.0","result":null,"id":1}',
        b'{"error":{"code":-32016,"message":"Minimum context slot has not been reached"}}',
        _body([ACCOUNT]),
        _body([ACCOUNT] * 3),
        _body([ACCOUNT, 5]),
        _body([ACCOUNT, ACCOUNT], None),
        _body([ACCOUNT, ACCOUNT], -1),
        _body([ACCOUNT, ACCOUNT | {"owner": "nobody"}]),
        _body([ACCOUNT, ACCOUNT | {"lamports": -1}]),
        _body([ACCOUNT, ACCOUNT | {"data": ["3", "base58"]}]),
        _body([ACCOUNT, ACCOUNT | {"data": ["A", "base64"]}]),
        _body([ACCOUNT, ACCOUNT | {"data": {"parsed": {}, "program": "spl-token"}}]),
    ],
)
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(AccountsMalformed, match="for 2 accounts cannot be read"):
        AccountsReader(MONITORS).read(PUBKEYS, body, 5)
