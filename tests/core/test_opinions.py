"""States of accounts that several RPCs tell: which are believed, which are not, and who told something else."""

from monitor.core.chain import Kind
from monitor.core.events import Row
from monitor.core.opinions import Opinions


def state(content: str, slot: int) -> Row:
    return (Kind.ACCOUNT, slot, content.encode(), 1, 0, 5, b"frame")


def heard(*told: tuple[int, dict[str, tuple[str, int]]], required: int = 2) -> Opinions:
    """Each RPC tells content and slot by account."""
    opinions = Opinions(["x", "y"], required)
    for rpc, states in told:
        rows = [state(content, slot) for content, slot in states.values()]
        opinions.hear(rpc, list(states), rows)
    return opinions


def believed(opinions: Opinions) -> list[tuple[int, bytes, int]]:
    return [(rpc, row[2], row[1]) for rpc, row in opinions.states()]


def test_nothing_is_sure_before_somebody_told() -> None:
    opinions = heard()
    assert opinions.unsure() == ["x", "y"]
    assert opinions.states() == []
    assert opinions.dissent() == []


def test_what_two_tell_alike_is_believed_as_of_the_lower_slot() -> None:
    opinions = heard((0, {"x": ("a", 12), "y": ("b", 12)}), (1, {"x": ("a", 10), "y": ("b", 13)}))
    assert opinions.unsure() == []
    assert believed(opinions) == [(1, b"a", 10), (0, b"b", 12)]
    assert opinions.dissent() == []


def test_one_alone_is_not_believed_where_two_are_required() -> None:
    opinions = heard((0, {"x": ("a", 12)}))
    assert opinions.unsure() == ["x", "y"]
    assert believed(opinions) == []


def test_one_alone_is_believed_where_there_is_no_other() -> None:
    opinions = heard((3, {"x": ("a", 12)}), required=1)
    assert opinions.unsure() == ["y"]
    assert believed(opinions) == [(3, b"a", 12)]


def test_two_contents_of_one_slot_are_a_dispute_of_both() -> None:
    opinions = heard((0, {"x": ("a", 12)}), (1, {"x": ("z", 12)}))
    assert opinions.unsure() == ["x", "y"]
    assert opinions.dissent() == [0, 1]


def test_two_contents_of_different_slots_may_both_be_true() -> None:
    opinions = heard((0, {"x": ("a", 12)}), (1, {"x": ("z", 13)}))
    assert opinions.unsure() == ["x", "y"]
    assert opinions.dissent() == []


def test_a_third_settles_a_dispute_and_names_who_lied() -> None:
    opinions = heard((0, {"x": ("z", 12)}), (1, {"x": ("a", 12)}), (2, {"x": ("a", 14)}))
    assert believed(opinions) == [(1, b"a", 12)]
    assert opinions.dissent() == [0]


def test_who_told_something_else_at_another_slot_did_not_lie_for_sure() -> None:
    opinions = heard((0, {"x": ("z", 13)}), (1, {"x": ("a", 12)}), (2, {"x": ("a", 14)}))
    assert believed(opinions) == [(1, b"a", 12)]
    assert opinions.dissent() == []


def test_of_two_states_that_enough_tell_the_later_one_is_believed() -> None:
    opinions = heard(
        (0, {"x": ("a", 12)}),
        (1, {"x": ("b", 15)}),
        (2, {"x": ("b", 14)}),
        (3, {"x": ("a", 13)}),
    )
    assert believed(opinions) == [(2, b"b", 14)]
