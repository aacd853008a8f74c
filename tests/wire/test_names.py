"""Filter names tell which monitors want an update."""

import pytest

from monitor.core.chain import Kind
from monitor.wire.names import NameTable, hidden_name, superset_name


def table() -> NameTable:
    names = NameTable(5, {"usdc": 1, "vault": 2}, judge=lambda kind, frame: kind + len(frame))
    names.serve(0, ((1, "usdc"), (2, "vault")))
    return names


@pytest.mark.parametrize(
    ("names", "meaning"),
    [
        ((), (0, 0, False)),
        (("usdc",), (1, 0, False)),
        (("vault", "usdc"), (3, 0, False)),
        (("~5",), (0, 5, False)),
        (("~4", "usdc"), (1, 4, False)),
        (("~saccount",), (0, 0, True)),
        (("usdc", "who"), (1, 0, True)),
        (("~",), (0, 0, True)),
        (("x5",), (0, 0, True)),
        (("~²",), (0, 0, True)),
    ],
)
def test_reads_masks_generations_and_what_is_left_to_judge(
    names: tuple[str, ...], meaning: tuple[int, int, bool]
) -> None:
    assert table().read(names) == meaning


def test_counts_updates_with_names_we_never_sent() -> None:
    names = table()

    names.read(("who", "what"))
    names.read(("usdc",))
    names.read(("~saccount",))
    names.blocks(("who",))

    assert names.strangers == 2


def test_a_block_serves_its_own_monitor_or_all_of_a_superset() -> None:
    assert table().blocks(("vault",)) == [(2, "vault")]
    assert table().blocks((superset_name(Kind.BLOCK),)) == [(1, "usdc"), (2, "vault")]
    assert table().blocks(("who",)) == []


def test_asks_the_judge_it_was_given() -> None:
    assert table().judge(4, b"abc") == 7


def test_what_is_learned_stays_bounded() -> None:
    names = table()
    for number in range(20_000):
        names.learn(number.to_bytes(4, "big"), (lambda: None, number))

    assert len(names.prefixes) <= 8192
    assert names.prefixes[(19_999).to_bytes(4, "big")][1] == 19_999


def test_hidden_names_are_none_that_a_monitor_may_have() -> None:
    assert hidden_name(12) == "~12"
    assert superset_name(Kind.TRANSACTION_STATUS) == "~stransaction_status"
