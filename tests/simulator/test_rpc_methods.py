"""What each method answers and refuses; the chain and the clock are given."""

from base64 import b64decode
from typing import Any

import pytest

from monitor.core.chain import Commitment
from monitor.simulator.accounts import Accounts
from monitor.simulator.base58 import base58
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.model import Bank
from monitor.simulator.rpc_methods import Params, RpcError, RpcMethods
from monitor.simulator.sysvars import CLOCK
from monitor.simulator.view import ChainView, canonical
from tests.simulator.tiny_chain import tiny_bank, tiny_chain, tiny_slot

NOW = 150.0
"""Slots are one second long: slot first + 150 has just begun."""
V1 = {"maxSupportedTransactionVersion": 1, "encoding": "base64"}
BASE64 = {"encoding": "base64"}
NOBODY = "11111111111111111111111111111112"


class Node:
    """Methods on a chain of their own."""

    def __init__(self, window: int = 1200) -> None:
        settings = ChainSettings(
            votes=4, transactions=8, account_writes=20, skipped=0.1, forked=0.1, window=window
        )
        self.chain = GeneratedChain(6, settings)
        self.first = self.chain.first_slot
        self.view = ChainView(self.chain, 1.0, 0.0)
        self.methods = RpcMethods(self.view, Accounts(self.view), lambda: NOW)

    def ask(self, method: str, *params: Any) -> Any:
        return self.methods.answer(method, params)

    def refusal(self, method: str, *params: Any) -> RpcError:
        with pytest.raises(RpcError) as refused:
            self.methods.answer(method, params)
        return refused.value

    def tip(self, level: Commitment) -> Bank:
        bank = self.view.newest(level, NOW)
        assert bank is not None
        return bank

    def lost_slot(self) -> int:
        root = self.tip(Commitment.FINALIZED).slot
        numbers = range(self.first, root)
        return next(number for number in numbers if canonical(self.chain.slot(number)) is None)


def test_get_block_answers_a_finalized_block_by_default() -> None:
    node = Node()
    root = node.tip(Commitment.FINALIZED)

    answer = node.ask("getBlock", root.slot, V1)

    assert (answer["blockhash"], answer["parentSlot"]) == (root.blockhash, root.parent)


def test_get_block_serves_a_confirmed_block_to_who_asks_for_it() -> None:
    node = Node()
    tip = node.tip(Commitment.CONFIRMED)

    answer = node.ask("getBlock", tip.slot, {**V1, "commitment": "confirmed"})

    assert answer["blockhash"] == tip.blockhash
    assert node.refusal("getBlock", tip.slot, V1).code == -32004


def test_get_block_of_the_future_is_not_available() -> None:
    node = Node()

    refused = node.refusal("getBlock", node.first + 1000, {**V1, "commitment": "confirmed"})

    assert (refused.code, refused.message) == (
        -32004,
        f"Block not available for slot {node.first + 1000}",
    )


def test_get_block_of_a_lost_slot_says_skipped() -> None:
    node = Node()
    lost = node.lost_slot()

    refused = node.refusal("getBlock", lost, V1)

    assert (refused.code, refused.message) == (
        -32007,
        f"Slot {lost} was skipped, or missing due to ledger jump to recent snapshot",
    )


def test_get_block_below_what_is_kept_says_cleaned_up() -> None:
    node = Node(window=100)
    node.chain.slot(node.first + 150)

    refused = node.refusal("getBlock", node.first, V1)

    first = node.ask("getFirstAvailableBlock")
    assert first == node.first + 51
    assert (refused.code, refused.message) == (
        -32001,
        f"Block {node.first} cleaned up, does not exist on node. First available block: {first}",
    )


def test_get_block_names_the_version_that_the_client_lacks() -> None:
    node = Node()
    numbers = node.ask("getBlocks", node.first, node.first + 100)

    refusals = []
    for number in numbers:
        try:
            node.ask("getBlock", number, {"maxSupportedTransactionVersion": 0})
        except RpcError as refused:
            refusals.append((refused.code, refused.message))

    assert set(refusals) == {
        (
            -32015,
            "Transaction version (1) is not supported by the requesting client. Please try the request again "
            'with the following configuration parameter: "maxSupportedTransactionVersion": 1',
        )
    }


def test_get_blocks_lists_the_blocks_of_an_inclusive_range() -> None:
    node = Node()

    numbers = node.ask("getBlocks", node.first, node.first + 60)

    slots = map(node.chain.slot, range(node.first, node.first + 61))
    assert numbers == [slot.number for slot in slots if canonical(slot) is not None]
    assert numbers[-1] <= node.first + 60


def test_get_blocks_ends_at_the_newest_block_of_its_level() -> None:
    node = Node()

    finalized = node.ask("getBlocks", node.first + 50)
    confirmed = node.ask("getBlocks", node.first + 50, None, {"commitment": "confirmed"})

    assert finalized[-1] == node.tip(Commitment.FINALIZED).slot
    assert confirmed[-1] == node.tip(Commitment.CONFIRMED).slot
    assert confirmed[: len(finalized)] == finalized


def test_get_blocks_below_what_is_kept_starts_later_without_a_word() -> None:
    node = Node(window=100)
    node.chain.slot(node.first + 150)

    assert node.ask("getBlocks", node.first - 10, node.first + 60)[0] >= node.first + 51


@pytest.mark.parametrize(
    ("method", "params", "code", "message"),
    [
        ("getBlocks", (0, 500_001), -32602, "Slot range too large; max 500000"),
        ("getBlocksWithLimit", (0, 500_001), -32602, "Limit too large; max 500000"),
        (
            "getBlock",
            (0, {"commitment": "processed"}),
            -32602,
            "Method does not support commitment below `confirmed`",
        ),
        ("getBlock", (), -32602, "`params` should have at least 1 argument(s)"),
        ("getBlock", ("1",), -32602, "Invalid params: expected u64."),
        ("getBlock", (-1,), -32602, "Invalid params: expected u64."),
        ("getBlock", (1, 2), -32602, "Invalid params: expected a configuration object."),
        (
            "getMultipleAccounts",
            ("x", BASE64),
            -32602,
            "Invalid params: expected a sequence of addresses.",
        ),
        ("getMultipleAccounts", (["x"], BASE64), -32602, "Invalid param: Invalid"),
        (
            "getMultipleAccounts",
            ([NOBODY] * 101, BASE64),
            -32602,
            "Too many inputs provided; max 100",
        ),
        ("sendTransaction", ("x",), -32601, "Method not found"),
    ],
)
def test_refusals(method: str, params: Params, code: int, message: str) -> None:
    refused = Node().refusal(method, *params)

    assert (refused.code, refused.message) == (code, message)


@pytest.mark.parametrize(
    "options", [{"encoding": "base42"}, {"transactionDetails": "some"}, {"commitment": "max"}]
)
def test_get_block_refuses_words_that_it_does_not_know(options: dict[str, str]) -> None:
    refused = Node().refusal("getBlock", 1, options)

    assert refused.code == -32602
    assert refused.message.startswith("Invalid params: unknown variant")


def test_get_blocks_with_limit_stops_there() -> None:
    node = Node()

    assert node.ask("getBlocksWithLimit", node.first, 7) == node.ask("getBlocks", node.first)[:7]


@pytest.mark.parametrize("level", list(Commitment))
def test_get_slot_and_height_follow_the_level(level: Commitment) -> None:
    node = Node()
    tip = node.tip(level)

    asked = {"commitment": level.name.lower()}

    assert node.ask("getSlot", asked) == tip.slot
    assert node.ask("getBlockHeight", asked) == tip.block_height


def test_a_context_not_yet_reached_is_refused_with_the_slot_that_is() -> None:
    node = Node()
    root = node.tip(Commitment.FINALIZED).slot
    ahead = {"minContextSlot": root + 1}

    for refused in (
        node.refusal("getSlot", ahead),
        node.refusal("getBlockHeight", ahead),
        node.refusal("getMultipleAccounts", [NOBODY], {**BASE64, **ahead}),
    ):
        assert (refused.code, refused.message) == (
            -32016,
            "Minimum context slot has not been reached",
        )
        assert refused.facts == {"contextSlot": root}
    assert node.ask("getSlot", {"minContextSlot": root}) == root


def test_accounts_are_read_at_the_level_with_their_context() -> None:
    node = Node()
    tip = node.tip(Commitment.CONFIRMED).slot

    answer = node.ask(
        "getMultipleAccounts", [base58(CLOCK), NOBODY], {**BASE64, "commitment": "confirmed"}
    )

    clock, nobody = answer["value"]
    assert answer["context"]["slot"] == tip
    assert nobody is None
    assert int.from_bytes(b64decode(clock["data"][0])[:8], "little") == tip
    assert (clock["space"], clock["executable"], clock["owner"]) == (
        40,
        False,
        "Sysvar1111111111111111111111111111111111111",
    )


def test_a_data_slice_is_what_of_the_range_is_there() -> None:
    node = Node()
    whole = b64decode(node.ask("getAccountInfo", base58(CLOCK), BASE64)["value"]["data"][0])

    def cut(offset: int, length: int) -> bytes:
        options = {**BASE64, "dataSlice": {"offset": offset, "length": length}}
        return b64decode(node.ask("getAccountInfo", base58(CLOCK), options)["value"]["data"][0])

    assert [cut(0, 8), cut(36, 8), cut(100, 8)] == [whole[:8], whole[36:], b""]


def test_accounts_are_given_in_base64_only() -> None:
    assert Node().refusal("getAccountInfo", NOBODY).code == -32600


def test_health_and_version() -> None:
    node = Node()

    assert node.ask("getHealth") == "ok"
    assert node.ask("getVersion")["solana-core"] == "4.2.0"


def test_get_blocks_of_a_range_that_ends_before_it_starts_is_empty() -> None:
    node = Node()

    assert node.ask("getBlocks", node.first + 9, node.first + 8) == []


def test_get_block_takes_a_bare_encoding_for_options() -> None:
    node = Node()
    numbers = node.ask("getBlocks", node.first, node.first + 100)

    refused = node.refusal("getBlock", numbers[0], "base64")

    assert refused.code == -32015  # no version was named


def test_an_account_without_lamports_is_none() -> None:
    chain = tiny_chain(tiny_slot(tiny_bank(100, 99, writes=[(7, 1)])))
    view = ChainView(chain, 1.0, 0.0)
    methods = RpcMethods(view, Accounts(view), lambda: NOW)
    written = base58(bytes([7]) * 32)

    told = methods.answer("getMultipleAccounts", [[written], BASE64])

    assert told["context"]["slot"] == 100
    assert told["value"] == [None]
