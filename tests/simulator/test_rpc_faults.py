from itertools import pairwise

import pytest

from monitor.simulator.rpc_faults import ERRORS, MOST_BEHIND, RPC_WORDS, RpcFaults
from monitor.simulator.rpc_lies import LIES


def made(*applied: str, seed: str = "1:rpc1") -> RpcFaults:
    """A node's faults after these commands, as `errors -32004 0.3`."""
    faults = RpcFaults("rpc1", seed)
    for one in applied:
        word, _, argument = one.partition(" ")
        faults.apply(word, argument or None)
    return faults


@pytest.mark.parametrize(
    "applied",
    [
        "kill",
        "mute 0.5",
        "cut 1",
        "slow 2.5",
        "behind 12",
        "pruned 300000040",
        "lack 300000040",
        "limit 20",
        "errors -32004 0.3",
        "errors meta-null 1",
        "errors 429-date 0.25",
        "lie parent 1",
        "lie any 0.125",
        "lie states 0.5",
    ],
)
def test_a_fault_is_on_until_it_is_healed(applied: str) -> None:
    faults = made(applied)

    assert faults.active == [applied]
    assert faults.apply("heal", None) == f"rpc1 is healed of {applied}"
    assert faults.active == []
    assert faults.apply("heal", None) == "rpc1: nothing was wrong"


def test_several_faults_are_on_at_once_and_told() -> None:
    faults = made("slow 1", "errors 500 0.1")

    assert faults.apply("lie", "missing 0.2") == (
        "rpc1 has slow 1, errors 500 0.1, lie missing 0.2"
    )


def test_shares_are_whole_unless_told_and_codes_need_no_sign() -> None:
    assert made("mute", "cut", "errors 32007", "lie any").active == [
        "mute 1",
        "cut 1",
        "errors -32007 1",
        "lie any 1",
    ]


def test_a_share_of_nothing_takes_an_error_away() -> None:
    assert made("errors null 0.5", "errors 500 0.5", "errors null 0").active == ["errors 500 0.5"]


@pytest.mark.parametrize(
    ("applied", "told"),
    [
        ("dance", f"no fault 'dance' of an RPC; one of {', '.join(RPC_WORDS)}"),
        ("kill 1", "kill takes no argument; not '1'"),
        ("mute 2", "mute takes a share from 0 to 1; not '2'"),
        ("cut -1", "cut takes a share from 0 to 1; not '-1'"),
        ("slow", "slow takes seconds, 0 or more; not ''"),
        ("slow nan", "slow takes seconds, 0 or more; not 'nan'"),
        ("limit some", "limit takes requests a second, 0 or more; not 'some'"),
        ("behind 1.5", f"behind takes slots, 0 to {MOST_BEHIND}; not '1.5'"),
        ("behind 129", f"behind takes slots, 0 to {MOST_BEHIND}; not '129'"),
        ("pruned -4", "pruned takes the first slot kept; not '-4'"),
        ("lack me", "lack takes the slot that is not there; not 'me'"),
        ("errors 404", f"errors takes one of {', '.join(ERRORS)}, and a share from 0 to 1"),
        ("errors null 0.1 2", f"errors takes one of {', '.join(ERRORS)}, and a share from 0 to 1"),
        ("errors null 3", "errors takes a share from 0 to 1; not '3'"),
        (
            "lie",
            f"lie takes one of {', '.join(LIES)}, any, states, and a share from 0 to 1; not ''",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(applied: str, told: str) -> None:
    faults = made()
    word, _, argument = applied.partition(" ")

    with pytest.raises(ValueError, match=r"takes|no fault") as refused:
        faults.apply(word, argument or None)

    assert told in str(refused.value)
    assert faults.active == []


def struck(faults: RpcFaults, slots: range) -> list[int]:
    """The slots whose first attempt meets a block error."""
    return [slot for slot in slots if faults.block_error(faults.attempt(str(slot)))]


def test_errors_strike_about_their_share() -> None:
    assert 230 < len(struck(made("errors null 0.25"), range(1000))) < 270


def test_what_is_struck_depends_on_the_seed_and_not_on_the_order() -> None:
    there, back = made("errors null 0.5"), made("errors null 0.5")

    forwards = struck(there, range(60))
    backwards = [
        slot
        for slot in reversed(range(60))
        if back.block_error(back.attempt(str(slot))) is not None
    ]

    assert forwards == backwards[::-1]
    assert forwards != struck(made("errors null 0.5", seed="2:rpc1"), range(60))


def test_another_attempt_is_another_draw() -> None:
    faults = made("errors null 0.5")

    met = [faults.block_error(faults.attempt("7")) for _ in range(40)]

    assert {None, "null"} == set(met)


def test_errors_of_http_and_of_blocks_do_not_meet_each_other() -> None:
    faults = made("errors 500", "errors -32014")

    assert faults.http_error(faults.attempt("7")) == "500"
    assert faults.block_error(faults.attempt("7")) == "-32014"
    assert made("errors null").http_error("7 1") is None


def test_a_mute_node_is_mute_before_all_else() -> None:
    assert made("errors 500", "cut", "mute").http_error("7 1") == "mute"
    assert made("errors 500", "cut").http_error("7 1") == "cut"


def test_a_lie_about_a_slot_is_always_the_same() -> None:
    faults = made("lie any 0.5")

    first = [faults.lie(slot) for slot in range(200)]

    assert first == [faults.lie(slot) for slot in range(200)]
    assert set(first) == {None, *LIES}
    assert 80 < sum(lie is not None for lie in first) < 120


def test_a_lie_is_of_the_kind_that_was_asked_for() -> None:
    assert {made("lie fee").lie(slot) for slot in range(20)} == {"fee"}


def test_a_place_is_among_those_there_are() -> None:
    faults = made()

    assert {faults.place(slot, 3) for slot in range(40)} == {0, 1, 2}
    assert faults.place(7, 0) == 0
    other = made(seed="2:rpc1")
    assert [faults.place(slot, 1000) for slot in range(9)] != [
        other.place(slot, 1000) for slot in range(9)
    ]


def test_attempts_are_counted_for_what_was_asked_lately() -> None:
    faults = made()
    assert faults.attempt("old") == "old 1"
    for number in range(20_000):
        faults.attempt(str(number))

    assert faults.attempt("19999") == "19999 2"
    assert faults.attempt("old") == "old 1"


def test_without_a_limit_everything_passes_and_is_counted() -> None:
    faults = made()

    waits = [faults.arrive(number / 8) for number in range(25)]

    assert waits == [0.0] * 25
    assert (faults.requests, faults.busiest_second) == (25, 8)
    assert list(faults.arrivals) == [number / 8 for number in range(25)]


def test_a_limit_holds_in_every_second() -> None:
    faults = made("limit 4")

    granted = [moment / 64 for moment in range(320) if faults.arrive(moment / 64) == 0]

    assert len(granted) == 20
    assert all(later - earlier >= 1 for earlier, later in zip(granted, granted[4:], strict=False))
    assert all(earlier < later for earlier, later in pairwise(granted))


def test_who_is_above_the_limit_is_told_when_there_is_room() -> None:
    faults = made("limit 2")
    faults.arrive(10.0)
    faults.arrive(10.25)

    assert faults.arrive(10.5) == pytest.approx(0.5)
    assert faults.arrive(11.0) == 0.0
    assert faults.arrive(11.125) == pytest.approx(0.125)


def test_false_states_are_drawn_by_the_answer_and_say_nothing_false_of_blocks() -> None:
    faults = made("lie states 0.5")
    lies = [faults.lies_about_states(faults.attempt("getMultipleAccounts")) for _ in range(40)]

    assert set(lies) == {True, False}
    assert {faults.lie(slot) for slot in range(40)} == {None}
    assert not made("lie any").lies_about_states("getMultipleAccounts 1")
