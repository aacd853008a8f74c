"""What is asked of deshred streams, and what of them becomes a record."""

import orjson
import pytest
from solders.pubkey import Pubkey

from monitor.core.errors import FrameMalformed, PlanRefused
from monitor.core.monitors import DeshredFilter, Monitor, TransactionsFilter
from monitor.ports import Endpoint
from monitor.wire.base58 import signature_text
from monitor.wire.deshred import (
    Deshredded,
    DeshredPing,
    DeshredReader,
    deshred_record,
    deshred_request,
)
from monitor.wire.pb import geyser_pb2

FREE = Endpoint("fra", "http://10.0.0.1")
KEYS = [bytes([number]) * 32 for number in range(1, 6)]
TEXTS = [str(Pubkey.from_bytes(key)) for key in KEYS]
SIGNATURE = bytes(range(64))
MONITORS = [
    Monitor("other", transactions=TransactionsFilter()),
    Monitor("early", deshred=DeshredFilter(vote=False, account_include=tuple(TEXTS[:2]))),
    Monitor("votes", deshred=DeshredFilter(vote=True, account_exclude=tuple(TEXTS[2:3]))),
]


def frame(*names: str, shreds: tuple[int, int] = (3, 5)) -> bytes:
    update = geyser_pb2.SubscribeUpdateDeshred(filters=names)
    update.deshred_transaction.slot = 7
    info = update.deshred_transaction.transaction
    info.signature = SIGNATURE
    info.is_vote = True
    info.transaction.signatures.append(SIGNATURE)
    message = info.transaction.message
    message.account_keys.extend(KEYS[:2])
    message.recent_blockhash = KEYS[2]
    message.instructions.add(program_id_index=1, accounts=b"\x00\x01", data=b"abc")
    info.loaded_writable_addresses.append(KEYS[3])
    info.loaded_readonly_addresses.append(KEYS[4])
    info.completed_data_set_starting_shred_index = shreds[0]
    info.completed_data_set_ending_shred_index_exclusive = shreds[1]
    return update.SerializeToString()


def asked(*monitors: Monitor, endpoint: Endpoint = FREE) -> geyser_pb2.SubscribeDeshredRequest:
    message = deshred_request(monitors, endpoint)
    return geyser_pb2.SubscribeDeshredRequest.FromString(message)


def test_each_filter_goes_out_under_its_monitors_name_and_nothing_else_does() -> None:
    request = asked(*MONITORS)

    assert set(request.deshred_transactions) == {"early", "votes"}
    assert not request.slots
    early, votes = (request.deshred_transactions[name] for name in ("early", "votes"))
    assert (early.vote, list(early.account_include)) == (False, TEXTS[:2])
    assert (votes.vote, list(votes.account_exclude)) == (True, TEXTS[2:3])


def test_a_filter_of_everything_says_nothing_of_votes() -> None:
    wanted = asked(Monitor("all", deshred=DeshredFilter())).deshred_transactions["all"]

    assert not wanted.HasField("vote")


def test_a_long_list_goes_out_in_chunks_that_count_for_their_monitor() -> None:
    monitor = Monitor("m", deshred=DeshredFilter(account_include=tuple(TEXTS)))

    request = asked(monitor, endpoint=Endpoint("fra", "", max_pubkeys=2))

    assert set(request.deshred_transactions) == {"m~1", "m~2", "m~3"}
    came = DeshredReader([monitor]).read(frame("m~2", "m~3"))
    assert isinstance(came, Deshredded)
    assert came.mask == 1


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        (Endpoint("fra", "", max_filters=1), r"limits.filters is 1, and 2 filters of deshred"),
        (Endpoint("fra", "", max_pubkeys=0), r"deshred.account_exclude of monitor votes has 1"),
    ],
)
def test_what_an_endpoint_does_not_allow_is_refused(endpoint: Endpoint, told: str) -> None:
    plain = Monitor("plain", deshred=DeshredFilter())

    with pytest.raises(PlanRefused, match=told):
        asked(plain, MONITORS[2], endpoint=endpoint)


def test_names_tell_the_monitors() -> None:
    reader = DeshredReader(MONITORS)

    came = reader.read(frame("early", "votes", "nobody"))

    assert isinstance(came, Deshredded)
    assert (came.slot, came.signature, came.mask) == (7, SIGNATURE, 6)


def test_pongs_and_what_nobody_asked_for_are_nothing() -> None:
    reader = DeshredReader(MONITORS)
    ping = geyser_pb2.SubscribeUpdateDeshred(ping=geyser_pb2.SubscribeUpdatePing())
    pong = geyser_pb2.SubscribeUpdateDeshred(pong=geyser_pb2.SubscribeUpdatePong(id=1))

    assert reader.read(ping.SerializeToString()) == DeshredPing()
    assert reader.read(pong.SerializeToString()) is None
    assert reader.read(frame("other")) is None


def test_bytes_that_are_no_update_are_malformed() -> None:
    with pytest.raises(FrameMalformed, match="SubscribeUpdateDeshred"):
        DeshredReader(MONITORS).read(b"\xff")


def record(came: bytes) -> dict[str, object]:
    read = DeshredReader(MONITORS).read(came)
    assert isinstance(read, Deshredded)
    line = deshred_record(read, ["early"], "fra", 1_795_000_000_000_000_000)
    assert line.endswith(b"}\n")
    told: dict[str, object] = orjson.loads(line)
    return told


def test_a_record_says_all_that_is_known_before_the_execution() -> None:
    text = signature_text(SIGNATURE)

    assert record(frame("early")) == {
        "id": f"7:deshred:{text}",
        "kind": "deshred",
        "monitors": ["early"],
        "slot": 7,
        "version": 0,
        "commitment": None,
        "source": "live",
        "endpoint": "fra",
        "received_at": "2026-11-18T11:06:40.000000Z",
        "late": False,
        "signature": text,
        "signatures": [text],
        "tx_version": "legacy",
        "is_vote": True,
        "recent_blockhash": TEXTS[2],
        "accounts": [TEXTS[0], TEXTS[1], TEXTS[3], TEXTS[4]],
        "instructions": [
            {"program_id_index": 1, "accounts": [0, 1], "data": "YWJj", "stack_height": None}
        ],
        "first_shred": 3,
        "end_shred": 5,
    }


def test_shreds_that_an_older_validator_does_not_tell_are_null() -> None:
    told = record(frame("early", shreds=(0, 0)))

    assert (told["first_shred"], told["end_shred"]) == (None, None)


@pytest.mark.parametrize(("config", "versioned", "told"), [(True, True, 1), (False, True, 0)])
def test_versions(config: bool, versioned: bool, told: int) -> None:
    update = geyser_pb2.SubscribeUpdateDeshred.FromString(frame("early"))
    message = update.deshred_transaction.transaction.transaction.message
    message.versioned = versioned
    if config:
        message.config.SetInParent()

    assert record(update.SerializeToString())["tx_version"] == told


def test_a_key_of_the_wrong_length_is_malformed_and_names_the_endpoint() -> None:
    update = geyser_pb2.SubscribeUpdateDeshred.FromString(frame("early"))
    update.deshred_transaction.transaction.transaction.message.account_keys[0] = b"short"

    with pytest.raises(FrameMalformed, match=r"slot 7: .* from fra"):
        record(update.SerializeToString())
