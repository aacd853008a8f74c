"""A feed that carries some of the monitors is asked for those alone, and its rows still name all who want them."""

from typing import Any

from solders.pubkey import Pubkey

from monitor.core.chain import Commitment, Kind
from monitor.core.monitors import (
    AccountsFilter,
    BlocksFilter,
    EntryFilter,
    Monitor,
    TransactionsFilter,
)
from monitor.core.scope import EVERY_MONITOR
from monitor.ports import Endpoint
from monitor.wire.names import NameTable
from monitor.wire.pb import geyser_pb2
from monitor.wire.peek import peek
from monitor.wire.plan import Plan, compile_plan
from tests.wire.frames import PUBKEY, SLOT, account, frame, transaction

FREE = Endpoint("fra", "http://10.0.0.1")
ONE_FILTER = Endpoint("ams", "http://10.0.0.2", max_filters=1)
KEY = str(Pubkey.from_bytes(PUBKEY))
OTHER = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
LEVEL = Commitment.CONFIRMED
MONITORS = (
    Monitor("all", transactions=TransactionsFilter()),
    Monitor("key", transactions=TransactionsFilter(account_include=(KEY,)), entry=EntryFilter()),
    Monitor("other", transactions=TransactionsFilter(account_include=(OTHER,))),
    Monitor("entries", entry=EntryFilter()),
    Monitor("accounts", accounts=AccountsFilter()),
    Monitor("blocks", blocks=BlocksFilter()),
)
ALL, KEYED, OTHERS, ENTRIES, ACCOUNTS, BLOCKS = (1 << bit for bit in range(6))


def asked(plan: Plan, carried: int) -> Any:
    return geyser_pb2.SubscribeRequest.FromString(plan.request(1, carried=carried))


def masks(names: NameTable, *frames: bytes) -> list[int]:
    return [row[3] for row in peek([(1, each) for each in frames], names)]


def entry(name: str) -> bytes:
    return frame(name, entry=geyser_pb2.SubscribeUpdateEntry(slot=SLOT))


def told(generation: int) -> bytes:
    """The first update that a server sends of a request."""
    return frame(f"~{generation}", slot=geyser_pb2.SubscribeUpdateSlot(slot=SLOT))


def test_only_what_is_carried_is_asked_for() -> None:
    plan = compile_plan(MONITORS, LEVEL, FREE)

    request = asked(plan, KEYED | ACCOUNTS | BLOCKS)

    assert set(request.transactions) == {"key"}
    assert set(request.entry) == {"key"}
    assert set(request.accounts) == {"accounts"}
    assert set(request.blocks) == {"blocks"}
    assert (set(request.slots), set(request.blocks_meta)) == ({"~1"}, {"~1"})
    assert set(asked(plan, OTHERS).accounts) == set()
    assert plan.request(1, carried=0b111111) == plan.request(1) == plan.request(1, carried=-1)


def test_a_superset_goes_out_whole_for_any_of_its_monitors() -> None:
    plan = compile_plan(MONITORS, LEVEL, ONE_FILTER)

    assert asked(plan, KEYED).transactions == asked(plan, EVERY_MONITOR).transactions
    assert set(asked(plan, KEYED).entry) == {"~sentry"}
    assert set(asked(plan, ENTRIES).transactions) == set()


def test_chunks_and_sets_go_out_for_their_own_monitor_alone() -> None:
    small = Endpoint("ams", "http://10.0.0.2", max_pubkeys=1)
    keys = TransactionsFilter(account_include=(KEY, OTHER))
    chunked = compile_plan([Monitor(n, transactions=keys) for n in ("m0", "m1")], LEVEL, small)
    many = TransactionsFilter(account_include=tuple(str(Pubkey.new_unique()) for _ in range(1_001)))
    sets = compile_plan(
        [Monitor(n, transactions=many) for n in ("m0", "m1")],
        LEVEL,
        Endpoint("nyc", "http://10.0.0.3", cuckoo=True),
    )

    assert set(asked(chunked, 2).transactions) == {"m1~1", "m1~2"}
    assert set(asked(sets, 2).transactions) == {"~stransaction.m1"}


def test_monitors_of_other_feeds_are_named_too_where_they_want_the_update() -> None:
    names = compile_plan(MONITORS, LEVEL, FREE).names(1, ALL | ENTRIES | ACCOUNTS | BLOCKS)
    block = geyser_pb2.SubscribeUpdateBlock(slot=SLOT, blockhash="hash")

    assert masks(names, frame("all", transaction=transaction())) == [ALL | KEYED]
    assert masks(names, entry("entries")) == [KEYED | ENTRIES]
    assert masks(names, frame("accounts", account=account())) == [ACCOUNTS]
    assert masks(names, frame("blocks", block=block)) == [BLOCKS]
    assert names.strangers == 0


def test_what_names_tell_is_not_judged_again() -> None:
    names = compile_plan(MONITORS, LEVEL, FREE).names(1, ALL)

    # The server says that `other` wants it, which we would not: its word stands.
    assert masks(names, frame("all", "other", transaction=transaction())) == [ALL | KEYED | OTHERS]

    carried = compile_plan(MONITORS, LEVEL, FREE).names(1, ALL | KEYED | OTHERS)
    assert masks(carried, frame("all", transaction=transaction())) == [ALL]
    assert masks(carried, entry("key")) == [KEYED | ENTRIES]


def test_an_amended_stream_judges_from_the_request_on_and_until_all_is_asked_for_again() -> None:
    plan = compile_plan(MONITORS, LEVEL, FREE)
    names = plan.names(1)
    one = frame("all", transaction=transaction())
    assert masks(names, one) == [ALL]

    names.ask(2, plan.left_out(ALL))
    assert masks(names, one, one) == [ALL | KEYED] * 2

    names.ask(3, plan.left_out(EVERY_MONITOR))
    assert masks(names, told(1), told(2), one)[-1] == ALL | KEYED
    assert masks(names, told(3), one)[-1] == ALL
    assert masks(names, told(2), told(7), one)[-1] == ALL


def test_what_two_requests_leave_out_together_is_judged_while_both_may_be_answered() -> None:
    plan = compile_plan(MONITORS, LEVEL, FREE)
    names = plan.names(1, ALL)

    names.ask(2, plan.left_out(KEYED))

    assert names.left_out[Kind.TRANSACTION] == ALL | KEYED | OTHERS
    masks(names, told(2))
    assert names.left_out[Kind.TRANSACTION] == ALL | OTHERS
