"""What RPCs told before enough of them told the same."""

from monitor.core.statements import KEPT, Statements, most_alike


def test_the_newest_that_an_rpc_told_counts() -> None:
    told = Statements()
    told.note(7, {0: b"a", 1: b"b"})
    told.note(7, {1: b"a"})
    assert told.of(7) == {0: b"a", 1: b"a"}
    assert told.of(8) == {}
    told.forget(7)
    assert told.of(7) == {}
    told.forget(7)


def test_what_nobody_told_takes_no_room() -> None:
    told = Statements()
    told.note(7, {})
    assert told._told == {}


def test_the_slots_longest_untouched_go_first() -> None:
    told = Statements()
    for slot in range(KEPT):
        told.note(slot, {0: b"a"})
    told.note(0, {1: b"a"})
    told.note(KEPT, {0: b"a"})
    assert told.of(1) == {}
    assert told.of(0) == {0: b"a", 1: b"a"}
    assert len(told._told) == KEPT


def test_those_who_differ_can_still_come_to_tell_the_same() -> None:
    assert most_alike({}, [0, 1]) == 2
    assert most_alike({0: b"a"}, [0]) == 1
    assert most_alike({0: b"a"}, [1]) == 2
    assert most_alike({0: b"a", 1: b"b"}, [2]) == 2
    assert most_alike({0: b"a", 1: b"b"}, [0, 1]) == 2
    assert most_alike({0: b"a", 1: b"a"}, []) == 2
