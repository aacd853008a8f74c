"""Monitors become one request, names that can be read back, and what is left to judge."""

from dataclasses import replace
from typing import Any

import pytest
from solders.pubkey import Pubkey

from monitor.core.chain import Commitment, Kind
from monitor.core.errors import PlanRefused
from monitor.core.monitors import (
    AccountsFilter,
    AccountState,
    BlocksFilter,
    BlocksMetaFilter,
    DataSlice,
    EntryFilter,
    Lamports,
    Memcmp,
    Monitor,
    SlotsFilter,
    TransactionsFilter,
)
from monitor.core.scope import Scope
from monitor.ports import Endpoint
from monitor.wire.pb import geyser_pb2
from monitor.wire.peek import peek
from monitor.wire.plan import Plan, compile_plan, level_of
from tests.wire.frames import OWNER, PUBKEY, SLOT, account, frame, transaction

FREE = Endpoint("fra", "http://10.0.0.1")
ONE_FILTER = Endpoint("ams", "http://10.0.0.2", max_filters=1)
USDC = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
WSOL = "So11111111111111111111111111111111111111112"
HEAD = DataSlice(0, 64)
P, C, F = Commitment


def sent(plan: Plan, generation: int = 1, from_slot: int | None = None) -> Any:
    return geyser_pb2.SubscribeRequest.FromString(plan.request(generation, from_slot))


def test_the_request_is_at_processed_and_holds_the_hidden_filters() -> None:
    request = sent(compile_plan([], F, FREE), generation=7)

    assert request.HasField("commitment")
    assert request.commitment == geyser_pb2.PROCESSED
    assert dict(request.slots) == {
        "~7": geyser_pb2.SubscribeRequestFilterSlots(interslot_updates=True)
    }
    assert set(request.blocks_meta) == {"~7"}
    assert not request.HasField("from_slot")
    assert not request.HasField("ping")


def test_a_replay_for_recovery_asks_the_same_at_confirmed() -> None:
    plan = compile_plan([Monitor("all", transactions=TransactionsFilter())], F, FREE)
    replay = geyser_pb2.SubscribeRequest.FromString(plan.request(7, 300, Commitment.CONFIRMED))
    live = geyser_pb2.SubscribeRequest.FromString(plan.request(7, 300))

    assert replay.commitment == geyser_pb2.CONFIRMED
    assert replay.from_slot == 300
    replay.commitment = geyser_pb2.PROCESSED
    assert replay == live


def test_a_part_of_the_chain_is_asked_for_without_what_monitors_want() -> None:
    plan = compile_plan([Monitor("all", transactions=TransactionsFilter())], F, FREE)
    chain, slots, everything = (
        geyser_pb2.SubscribeRequest.FromString(plan.request(7, None, P, scope))
        for scope in (Scope.CHAIN, Scope.SLOTS, Scope.EVERYTHING)
    )
    assert (set(chain.slots), set(chain.blocks_meta)) == ({"~7"}, {"~7"})
    assert (set(slots.slots), set(slots.blocks_meta)) == ({"~7"}, set())
    assert [len(each.transactions) for each in (chain, slots, everything)] == [0, 0, 1]
    assert everything == sent(plan, 7)


def test_from_slot_is_said_when_given() -> None:
    assert sent(compile_plan([], C, FREE), from_slot=0).HasField("from_slot")
    assert sent(compile_plan([], C, FREE), from_slot=9).from_slot == 9


def test_each_filter_goes_out_under_its_monitors_name() -> None:
    monitors = [
        Monitor("a", transactions=TransactionsFilter(vote=False), entry=EntryFilter()),
        Monitor("b", transactions_status=TransactionsFilter(), blocks=BlocksFilter()),
        Monitor("c", accounts=AccountsFilter(account=(USDC,))),
    ]

    request = sent(compile_plan(monitors, C, FREE))

    assert set(request.transactions) == {"a"}
    assert set(request.entry) == {"a"}
    assert set(request.transactions_status) == {"b"}
    assert set(request.blocks) == {"b"}
    assert request.accounts["c"].account == [USDC]


def test_slots_and_block_metas_of_monitors_ride_on_the_hidden_filters() -> None:
    monitors = [
        Monitor("a", slots=SlotsFilter(filter_by_commitment=True)),
        Monitor("b", slots=SlotsFilter(interslot_updates=True), blocks_meta=BlocksMetaFilter()),
        Monitor("c", commitment=F, slots=SlotsFilter(filter_by_commitment=True)),
        Monitor("d", slots=SlotsFilter()),
    ]
    plan = compile_plan(monitors, C, FREE)

    request = sent(plan)
    names = plan.names(1)

    assert set(request.slots) == {"~1"}
    assert names.block_meta_mask == 0b10


def test_the_order_of_monitors_does_not_change_the_bytes() -> None:
    monitors = [Monitor(f"m{n}", transactions=TransactionsFilter()) for n in range(40)]

    straight = compile_plan(monitors, C, FREE).request(1)

    assert compile_plan(monitors[::-1], C, FREE).request(1) == straight


def test_equal_input_gives_equal_bytes() -> None:
    monitors = [Monitor(f"m{n}", transactions=TransactionsFilter()) for n in range(40)]

    first = compile_plan(monitors, C, FREE).request(3, 4)
    again = compile_plan(list(monitors), C, FREE).request(3, 4)

    assert first == again


@pytest.mark.parametrize(
    ("level", "own", "every_write", "judged"),
    [
        (P, None, False, 0),
        (C, None, False, 1),
        (F, None, False, 1),
        (C, P, False, 0),
        (C, None, True, 0),
        (P, F, False, 1),
        (None, None, False, 1),
        (None, None, True, 0),
        (None, P, False, 0),
    ],
)
def test_accounts_judged_on_the_last_write_are_asked_by_name_alone(
    level: Commitment | None, own: Commitment | None, every_write: bool, judged: int
) -> None:
    wanted = AccountsFilter(
        account=(USDC,),
        owner=(WSOL,),
        state=AccountState(datasize=165),
        nonempty_txn_signature=True,
    )
    monitor = Monitor("a", commitment=own, accounts=wanted, every_write=every_write)

    plan = compile_plan([monitor], level, FREE)

    asked = sent(plan).accounts["a"]
    assert plan.judged.get(Kind.ACCOUNT, 0) == judged
    assert bool(asked.owner) == bool(asked.filters) == (not judged)
    assert asked.HasField("nonempty_txn_signature") == (not judged)
    assert asked.account == [USDC]


def test_accounts_asked_by_name_alone_anyway_need_no_judge() -> None:
    plan = compile_plan([Monitor("a", accounts=AccountsFilter(account=(USDC,)))], F, FREE)

    assert plan.judged == {}
    assert plan.last_matching == 0


@pytest.mark.parametrize("level", [C, None])
def test_accounts_without_names_are_asked_as_written_and_said_so(level: Commitment | None) -> None:
    monitors = [
        Monitor("a", accounts=AccountsFilter(owner=(USDC,))),
        Monitor("b", accounts=AccountsFilter()),
        Monitor("c", accounts=AccountsFilter(owner=(USDC,)), every_write=True),
    ]
    plan = compile_plan(monitors, level, FREE)

    assert plan.judged == {}
    assert plan.last_matching == 0b001
    assert sent(plan).accounts["a"].owner == [USDC]


@pytest.mark.parametrize(
    ("lists", "on_server"),
    [
        ([(HEAD,), (HEAD,)], True),
        ([(HEAD,), ()], False),
        ([(HEAD,), (DataSlice(1, 2),)], False),
        ([(DataSlice(5, 5), DataSlice(0, 1))], False),
        ([()], False),
        ([], False),
    ],
)
def test_slices_go_to_the_server_only_when_all_have_the_same(
    lists: list[tuple[DataSlice, ...]], on_server: bool
) -> None:
    monitors = [
        Monitor(f"m{n}", accounts=AccountsFilter(), data_slices=cuts)
        for n, cuts in enumerate(lists)
    ]
    others = [Monitor("t", transactions=TransactionsFilter()), Monitor("b", blocks=BlocksFilter())]

    plan = compile_plan(monitors + others, P, FREE)

    assert plan.slices_on_server == on_server
    assert len(sent(plan).accounts_data_slice) == on_server


def test_a_block_with_accounts_has_a_say_in_slices() -> None:
    sliced = Monitor("a", accounts=AccountsFilter(), data_slices=(HEAD,))
    blocks = Monitor("b", blocks=BlocksFilter(include_accounts=True))

    assert not compile_plan([sliced, blocks], P, FREE).slices_on_server


@pytest.mark.parametrize(
    ("state", "on_server"),
    [
        (AccountState(datasize=165), False),
        (AccountState(memcmp=(Memcmp(0, b"a"),)), False),
        (AccountState(token_account_state=True), False),
        (AccountState(lamports=(Lamports("gt", 0),)), True),
    ],
)
def test_data_judged_at_release_are_not_cut_by_the_server(
    state: AccountState, on_server: bool
) -> None:
    monitor = Monitor(
        "a", accounts=AccountsFilter(account=(USDC,), state=state), data_slices=(HEAD,)
    )

    assert compile_plan([monitor], C, FREE).slices_on_server == on_server
    assert compile_plan([monitor], None, FREE).slices_on_server == on_server
    assert compile_plan([monitor], P, FREE).slices_on_server


class TestOneFilterOnly:
    """What becomes of two monitors at an endpoint that allows one filter of a kind."""

    def test_transactions_share_a_superset_and_are_told_apart_on_arrival(self) -> None:
        keys = [_text(PUBKEY), USDC]
        monitors = [
            Monitor(f"m{n}", transactions=TransactionsFilter(account_include=(key,)))
            for n, key in enumerate(keys)
        ]
        plan = compile_plan(monitors, C, ONE_FILTER)

        request = sent(plan)
        rows = peek([(1, frame("~stransaction", transaction=transaction()))], plan.names(1))

        assert list(request.transactions) == ["~stransaction"]
        assert request.transactions["~stransaction"].account_include == keys
        assert [row[3] for row in rows] == [1]
        assert plan.judged == {}

    def test_accounts_are_told_apart_by_name_and_judged_at_release(self) -> None:
        monitors = [
            Monitor("m0", accounts=AccountsFilter(account=(_text(PUBKEY),), owner=(USDC,))),
            Monitor("m1", accounts=AccountsFilter(account=(USDC,))),
        ]
        plan = compile_plan(monitors, C, ONE_FILTER)

        rows = peek([(1, frame("~saccount", account=account()))], plan.names(1))

        assert list(sent(plan).accounts) == ["~saccount"]
        assert [row[3] for row in rows] == [1]
        assert plan.judged == {Kind.ACCOUNT: 1}

    def test_blocks_become_one_row_a_monitor_to_be_trimmed_at_release(self) -> None:
        monitors = [
            Monitor("m0", transactions=TransactionsFilter()),
            Monitor("m1", blocks=BlocksFilter(include_entries=True)),
            Monitor("m2", blocks=BlocksFilter(include_accounts=True)),
        ]
        plan = compile_plan(monitors, C, ONE_FILTER)
        block = geyser_pb2.SubscribeUpdateBlock(slot=SLOT, blockhash="hash")

        rows = peek([(1, frame("~sblock", block=block))], plan.names(1))

        assert [(row[2], row[3]) for row in rows] == [(("hash", "m1"), 2), (("hash", "m2"), 4)]
        assert plan.judged == {Kind.BLOCK: 6}

    def test_entries_need_no_judge(self) -> None:
        plan = compile_plan(
            [Monitor("m0", entry=EntryFilter()), Monitor("m1", entry=EntryFilter())], C, ONE_FILTER
        )
        entry = geyser_pb2.SubscribeUpdateEntry(slot=SLOT)
        names = plan.names(1)

        rows = peek([(1, frame("~sentry", entry=entry))], names)

        assert [row[3] for row in rows] == [3]
        assert names.prefixes

    def test_one_monitor_keeps_its_own_name(self) -> None:
        plan = compile_plan([Monitor("m0", entry=EntryFilter())], C, ONE_FILTER)

        assert list(sent(plan).entry) == ["m0"]

    def test_statuses_without_keys_can_share(self) -> None:
        monitors = [
            Monitor(f"m{n}", transactions_status=TransactionsFilter(failed=bool(n)))
            for n in range(2)
        ]
        plan = compile_plan(monitors, C, ONE_FILTER)
        status = geyser_pb2.SubscribeUpdateTransactionStatus(slot=SLOT, signature=b"s")

        rows = peek([(1, frame("~stransaction_status", transaction_status=status))], plan.names(1))

        assert [row[3] for row in rows] == [1]

    def test_statuses_by_keys_are_refused(self) -> None:
        monitors = [
            Monitor("m0", transactions_status=TransactionsFilter(account_exclude=(USDC,))),
            Monitor("m1", transactions_status=TransactionsFilter()),
        ]

        with pytest.raises(
            PlanRefused, match=r"endpoint ams: limits.filters is 1, .*m0, m1; .*status"
        ):
            compile_plan(monitors, C, ONE_FILTER)

    def test_sliced_data_that_must_be_judged_are_refused(self) -> None:
        wanted = AccountsFilter(state=AccountState(datasize=1))
        monitors = [
            Monitor("t", transactions=TransactionsFilter()),
            *(Monitor(n, accounts=wanted, data_slices=(HEAD,)) for n in ("m0", "m1")),
        ]

        with pytest.raises(PlanRefused, match="leave slices out"):
            compile_plan(monitors, P, ONE_FILTER)

    def test_joined_keys_over_the_limit_are_refused(self) -> None:
        small = Endpoint("ams", "http://10.0.0.2", max_filters=1, max_pubkeys=1)
        monitors = [
            Monitor("m0", accounts=AccountsFilter(owner=(USDC,))),
            Monitor("m1", accounts=AccountsFilter(owner=(WSOL,))),
        ]

        with pytest.raises(PlanRefused, match=r"accounts.owner of monitors m0, m1 has 2 keys"):
            compile_plan(monitors, P, small)


def test_no_filter_allowed_is_refused() -> None:
    none = Endpoint("ams", "http://10.0.0.2", max_filters=0)

    with pytest.raises(PlanRefused, match="at least one"):
        compile_plan([Monitor("m0", entry=EntryFilter())], C, none)


def test_a_list_that_no_chunks_can_stand_for_is_refused_over_the_limit() -> None:
    small = Endpoint("ams", "http://10.0.0.2", max_pubkeys=1)
    monitor = Monitor("m0", transactions=TransactionsFilter(account_required=(USDC, WSOL)))

    with pytest.raises(
        PlanRefused, match=r"endpoint ams: .*transactions.account_required of monitor m0"
    ):
        compile_plan([monitor], P, small)


def test_chunks_go_out_under_names_that_stand_for_their_monitor() -> None:
    small = Endpoint("ams", "http://10.0.0.2", max_pubkeys=1)
    monitors = [
        Monitor("m0", entry=EntryFilter()),
        Monitor("m1", accounts=AccountsFilter(account=(USDC, _text(PUBKEY)))),
    ]
    plan = compile_plan(monitors, P, small)
    names = plan.names(1)

    rows = peek([(1, frame("m1~2", account=account()))], names)

    assert {n: list(f.account) for n, f in sent(plan).accounts.items()} == {
        "m1~1": [USDC],
        "m1~2": [_text(PUBKEY)],
    }
    assert [row[3] for row in rows] == [2]
    assert names.strangers == 0


def test_chunks_of_a_superset_are_told_apart_on_arrival() -> None:
    small = Endpoint("ams", "http://10.0.0.2", max_filters=3, max_pubkeys=1)
    monitors = [
        Monitor("m0", transactions=TransactionsFilter(account_include=(USDC, WSOL))),
        Monitor("m1", transactions=TransactionsFilter(account_include=(_text(PUBKEY), USDC))),
    ]
    plan = compile_plan(monitors, P, small)

    rows = peek([(1, frame("~stransaction~3", transaction=transaction()))], plan.names(1))

    assert set(sent(plan).transactions) == {f"~stransaction~{n}" for n in (1, 2, 3)}
    assert [row[3] for row in rows] == [2]


def test_more_chunks_than_filters_allowed_are_refused() -> None:
    small = Endpoint("ams", "http://10.0.0.2", max_filters=1, max_pubkeys=1)
    monitor = Monitor("m0", accounts=AccountsFilter(account=(USDC, WSOL)))

    with pytest.raises(PlanRefused, match=r"accounts.account of monitor m0 has 2 keys"):
        compile_plan([monitor], P, small)


def test_a_cuckoo_set_goes_out_where_it_is_read_and_is_judged_by_the_list_here() -> None:
    listed = (*_many(1000), _text(PUBKEY))
    monitor = Monitor("m0", accounts=AccountsFilter(account=listed))
    plan = compile_plan([monitor], P, replace(FREE, cuckoo=True))
    stranger = account()
    stranger.account.pubkey = bytes(31) + b"\x07"

    rows = peek(
        [
            (1, frame("~saccount.m0", account=account())),
            (2, frame("~saccount.m0", account=stranger)),
        ],
        plan.names(1),
    )

    (asked,) = sent(plan).accounts.items()
    name, wanted = asked
    assert (name, len(wanted.account)) == ("~saccount.m0", 0)
    assert wanted.cuckoo_accounts_filter.bucket_count == 512
    assert [(row[3], row[5]) for row in rows] == [(1, 1)]


@pytest.mark.parametrize("cuckoo", [None, False])
def test_a_list_stays_a_list_where_nobody_says_that_sets_are_read(cuckoo: bool | None) -> None:
    monitor = Monitor("m0", accounts=AccountsFilter(account=_many(1001)))
    plan = compile_plan([monitor], P, replace(FREE, cuckoo=cuckoo))

    assert len(sent(plan).accounts["m0"].account) == 1001


def test_data_that_the_server_cuts_and_a_monitor_reads_keep_the_list() -> None:
    state = AccountState(datasize=165)
    monitor = Monitor(
        "m0", accounts=AccountsFilter(account=_many(1001), state=state), data_slices=(HEAD,)
    )
    plan = compile_plan([monitor], P, replace(FREE, cuckoo=True))

    assert plan.slices_on_server
    assert list(sent(plan).accounts) == ["m0"]


def _many(count: int) -> tuple[str, ...]:
    return tuple(_text(number.to_bytes(32, "little")) for number in range(1000, 1000 + count))


def test_a_name_of_the_daemon_is_refused() -> None:
    with pytest.raises(PlanRefused, match="monitor ~1"):
        compile_plan([Monitor("~1")], C, FREE)


def test_an_update_of_a_stranger_goes_to_whom_it_fits() -> None:
    monitors = [
        Monitor("m0", accounts=AccountsFilter(owner=(USDC,))),
        Monitor("m1", accounts=AccountsFilter(owner=(_text(OWNER),))),
    ]
    names = compile_plan(monitors, P, FREE).names(1)

    rows = peek([(1, frame("who", account=account()))], names)

    assert [row[3] for row in rows] == [2]
    assert names.strangers == 1


def test_a_monitor_without_a_level_has_the_daemons() -> None:
    assert level_of(Monitor("a"), C) == C
    assert level_of(Monitor("a", commitment=P), C) == P


def _text(key: bytes) -> str:
    return str(Pubkey.from_bytes(key))
