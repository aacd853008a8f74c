"""Missing blocks, as the first block that names each tells of them."""

from monitor.core.children import Child, Children
from monitor.core.commands import Report
from monitor.core.gate import Gate
from tests.core.play import ALL, Play


def children() -> tuple[Gate, Children]:
    door = Play(ALL).kernel.gate
    return door, Children(door)


def test_the_first_child_that_names_a_block_is_kept() -> None:
    _, named = children()
    named.name(6, Child(7, 70))
    named.name(6, Child(8, 71))
    assert named.get(6) == Child(7, 70)
    assert named.get(7) is None


def test_a_missing_block_is_told_once_with_its_child() -> None:
    door, named = children()
    named.name(6, Child(7, None))
    named.tell(6, "B6")
    named.tell(6, "B6")
    (report,) = door.collect()
    assert isinstance(report, Report)
    assert report.facts == {"slot": 6, "blockhash": "B6", "child": 7}


def test_what_is_missing_again_is_told_again() -> None:
    door, named = children()
    named.name(6, Child(7, None))
    named.tell(6, "B6")
    named.forget(6)
    assert named.get(6) is None
    named.name(6, Child(8, None))
    named.tell(6, "B6")
    assert [r.facts["child"] for r in door.collect() if isinstance(r, Report)] == [7, 8]


def test_what_nobody_named_may_be_forgotten_as_well() -> None:
    _, named = children()
    named.forget(6)
    assert named.get(6) is None


def test_a_block_that_nobody_named_is_not_told() -> None:
    door, named = children()
    named.tell(6, "B6")
    assert [*door.collect()] == []


def test_the_height_of_a_missing_block_is_one_below_that_of_its_child() -> None:
    _, named = children()
    named.name(6, Child(8, 71))
    named.name(9, Child(10, None))
    assert [named.height_of(slot) for slot in (6, 7, 9)] == [70, None, None]
