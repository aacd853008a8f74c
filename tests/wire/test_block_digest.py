"""The digest of a block: equal for honest tellers of one block, and for nobody else."""

from typing import Any

import pytest
from msgspec import Raw

from monitor.wire.block_digest import BlockDigest

WIRE = b"a transaction"
CUSTOM_44, CUSTOM_45, BORSH = (
    bytes([8, 0, 0, 0, 1, *rest])
    for rest in ((25, 0, 0, 0, 44, 0, 0, 0), (25, 0, 0, 0, 45, 0, 0, 0), (44, 0, 0, 0))
)
OLD_BORSH = BORSH + (7).to_bytes(8, "little") + b"Unknown"


def _digest(*transactions: dict[str, Any], links: tuple[str, str, int] = ("a", "b", 1)) -> bytes:
    digest = BlockDigest(*links)
    for each in transactions:
        digest.add(
            each.get("wire", WIRE),
            each.get("error"),
            each.get("fee", 5_000),
            Raw(each.get("before", b"[10,20]")),
            Raw(each.get("after", b"[5,20]")),
        )
    return digest.digest()


def test_it_is_the_same_for_the_same_block() -> None:
    assert _digest({}, {"error": CUSTOM_44}) == _digest({}, {"error": CUSTOM_44})
    assert len(_digest()) == 32


@pytest.mark.parametrize(
    "change",
    [
        {"wire": b"another one"},
        {"wire": WIRE + b"!"},
        {"fee": 5_001},
        {"error": bytes(4)},
        {"before": b"[10,21]"},
        {"after": b"[52,0]"},
        {"before": b"[10]", "after": b"[20,5,20]"},
        {"before": b"[1,020]"},
    ],
    ids=str,
)
def test_another_transaction_makes_another_block(change: dict[str, Any]) -> None:
    assert _digest({}, change) != _digest({}, {})


@pytest.mark.parametrize("links", [("b", "a", 1), ("a", "b", 2), ("a", "c", 1), ("a','b", "", 1)])
def test_other_links_make_another_block(links: tuple[str, str, int]) -> None:
    assert _digest({}, links=links) != _digest({})


def test_the_order_and_the_number_of_transactions_are_of_the_block() -> None:
    assert _digest({}, {"fee": 1}) != _digest({"fee": 1}, {})
    assert _digest({}, {}) != _digest({})
    assert _digest({"wire": b"ab"}, {"wire": b"c"}) != _digest({"wire": b"a"}, {"wire": b"bc"})


def test_an_error_is_of_its_transaction() -> None:
    assert _digest({"error": CUSTOM_44}, {}) != _digest({}, {"error": CUSTOM_44})
    assert _digest({"error": CUSTOM_44}) != _digest({"error": CUSTOM_45})


def test_white_space_is_alike() -> None:
    assert _digest({"before": b"[ 10,\n\t20 ]"}) == _digest({})


def test_the_text_of_an_input_error_that_older_nodes_tell_is_alike() -> None:
    assert _digest({"error": OLD_BORSH}) == _digest({"error": BORSH})
    assert _digest({"error": BORSH}) != _digest({"error": CUSTOM_44})
