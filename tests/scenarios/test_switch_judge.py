"""The judge of switches complains of everything that a torn stream can have, and of nothing else."""

import itertools
from collections.abc import Sequence
from typing import Any

import pytest

from monitor.core.chain import Commitment
from monitor.simulator.truth import record
from tests.e2e.expected import Record
from tests.scenarios.switch_judge import Verdict, judge
from tests.scenarios.switch_truth import Told, Watcher
from tests.scenarios.switching import EVERY, draw_pins

LOST, PLAIN, FORK, NEXT = 5, 6, 7, 8
"""A slot with a lost bank and the block; one with the block; one with a fork alone; one more with the block."""


def bank(slot: int, name: str, signatures: str, *, canonical: bool = True) -> Told:
    records = [
        record(
            slot,
            "transaction",
            signature,
            {"signature": signature, "index": index, "blockhash": name},
        )
        for index, signature in enumerate(signatures)
    ]
    levels = ("processed", "confirmed", "finalized") if canonical else ("processed",)
    records += [
        record(slot, "slot", level, {"status": level, "parent": slot - 1, "observed": False})
        for level in levels
    ]
    return Told(slot, name, canonical, records)


CHAIN = {
    LOST: (bank(LOST, "L", "ab", canonical=False), bank(LOST, "M", "bc")),
    PLAIN: (bank(PLAIN, "P", "de"),),
    FORK: (bank(FORK, "F", "f", canonical=False),),
    NEXT: (bank(NEXT, "N", "g"),),
}


def given(told: Told, level: str, version: int = 0, monitors: Sequence[str] = ("m",)) -> list[Any]:
    """All of a bank, as a daemon would write it."""
    prefix = f"{told.slot}.{version}" if version else f"{told.slot}"
    return [
        {
            **each,
            "id": f"{prefix}:{each['id'].partition(':')[2]}",
            "version": version,
            "commitment": level,
            "monitors": list(monitors),
        }
        for each in told.records
    ]


def mark(kind: str, slot: int, key: object, **fields: Any) -> Record:
    return {
        **record(slot, kind, key, fields),
        "monitors": ["m"],
        "commitment": "processed",
        **fields,
    }


def undo(slot: int, version: int = 0, blockhash: str | None = None) -> Record:
    made = mark("undo", slot, version, blockhash=blockhash, reason="lost", version=version)
    return {**made, "id": f"{slot}.{version}:undo:{version}"} if version else made


def switch(first: int, old: str, new: str) -> Record:
    return mark("commitment", first, new, **{"from": old, "to": new}, monitor="m", first_slot=first)


def told(events: Sequence[Record], level: str = "processed", *, follows: bool = True) -> Verdict:
    return judge(events, CHAIN, [Watcher("m", lambda _: True, level, follows)])


def whole(level: str) -> list[Record]:
    """A stream without fault at one level."""
    last = CHAIN[LOST][1], CHAIN[PLAIN][0], CHAIN[NEXT][0]
    if level != "processed":
        return [event for each in last for event in given(each, level)]
    return [
        *given(CHAIN[LOST][0], level),
        *given(CHAIN[PLAIN][0], level),
        *given(CHAIN[FORK][0], level),
        undo(FORK, blockhash="F"),
        undo(LOST, blockhash="L"),
        *given(CHAIN[LOST][1], level, version=1),
        *given(CHAIN[NEXT][0], level),
    ]


@pytest.mark.parametrize("level", [each.name.lower() for each in Commitment])
def test_a_stream_without_fault_is_believed(level: str) -> None:
    verdict = told(whole(level), level)
    assert verdict.complaints == []
    assert verdict.undone == (2 if level == "processed" else 0)
    assert verdict.slots == {level: 4 if level == "processed" else 3}


def test_a_switch_between_two_slots_is_believed() -> None:
    events = [
        *given(CHAIN[LOST][1], "finalized"),
        switch(PLAIN, "finalized", "processed"),
        *given(CHAIN[PLAIN][0], "processed"),
        *given(CHAIN[FORK][0], "processed"),
        switch(NEXT, "processed", "confirmed"),
        undo(FORK),
        *given(CHAIN[NEXT][0], "confirmed"),
    ]
    verdict = told(events, "finalized")
    assert verdict.complaints == []
    assert verdict.switches == {("finalized", "processed"): 1, ("processed", "confirmed"): 1}


def test_a_transaction_without_its_block_s_name_is_believed_at_processed_alone() -> None:
    for level, complaints in (("processed", 0), ("confirmed", 3)):
        events = whole(level)
        for at, event in enumerate(events):
            if event["kind"] == "transaction" and event["index"] == 0:
                events[at] = {**event, "blockhash": None}
        assert len(told(events, level).complaints) == complaints


def test_sayings_about_a_slot_are_left_out() -> None:
    saying = {**whole("processed")[2], "id": "9:slot:dead", "observed": True, "commitment": "?"}
    assert told([*whole("processed"), saying]).complaints == []


def without(events: Sequence[Record], *ids: str) -> list[Record]:
    return [event for event in events if event["id"] not in ids]


def moved(events: Sequence[Record], name: str, to: int) -> list[Record]:
    (found,) = [event for event in events if event["id"] == name]
    rest = without(events, name)
    return [*rest[:to], found, *rest[to:]]


P = whole("processed")
C = whole("confirmed")


@pytest.mark.parametrize(
    ("events", "level", "said"),
    [
        ([*C, C[0]], "confirmed", "5:transaction:b came 2 times"),
        (C[1:], "confirmed", "at confirmed: 1 of 5 are missing, such as 5:transaction:b"),
        ([*C, *given(CHAIN[FORK][0], "confirmed")], "confirmed", "2 are not on the chain"),
        ([{**C[0], "index": 9}, *C[1:]], "confirmed", "5:transaction:b differs in index"),
        ([{**C[0], "commitment": "finalized"}, *C[1:]], "confirmed", "came at finalized, not at"),
        ([*C, undo(LOST)], "confirmed", "5:undo:0 at confirmed"),
        (C, "processed", "came at confirmed, not at processed"),
        (without(P, "7:undo:0"), "processed", "after 0 undos: 2 are not on the chain"),
        (without(P, "5:undo:0"), "processed", "version 0 of 5 was never taken back"),
        ([*P, undo(FORK)], "processed", "7:undo:0 came 2 times"),
        ([*P, undo(FORK, 1)], "processed", "7.1:undo:1 takes back what nobody was given"),
        (moved(P, "7:transaction:f", 20), "processed", "7:transaction:f came after its undo"),
        (moved(P, "5:undo:0", 20), "processed", "5:undo:0 of version 0, when 1 was the last"),
        ([*P, undo(NEXT)], "processed", "after 1 undos: 4 of 4 are missing"),
        (
            [{**e, "blockhash": "M"} if e["id"] == "5:undo:0" else e for e in P],
            "processed",
            "5:undo:0 names M, which was not lost",
        ),
        (
            [{**e, "index": 3} if e["id"] == "7:transaction:f" else e for e in P],
            "processed",
            "7:transaction:f was on no block of its slot",
        ),
        (
            [*without(P, "5:undo:0")[3:]],
            "processed",
            "5 came at processed in the versions [1]",
        ),
        ([switch(PLAIN, "confirmed", "finalized"), *C], "confirmed", "came at confirmed, not at f"),
        ([switch(PLAIN, "finalized", "confirmed"), *C], "confirmed", "it was confirmed"),
        ([*C, switch(PLAIN, "confirmed", "finalized")], "confirmed", "of 8 something had come"),
        (
            [switch(3, "confirmed", "finalized"), switch(3, "finalized", "confirmed"), *C],
            "confirmed",
            "begins with 3; the last one began with 3",
        ),
        (
            [{**switch(9, "confirmed", "finalized"), "monitors": ["m", "n"]}, *C],
            "confirmed",
            "names m to ['m', 'n']",
        ),
    ],
)
def test_what_is_torn_is_complained_of(events: list[Record], level: str, said: str) -> None:
    complaints = told(events, level).complaints
    assert any(said in each for each in complaints), complaints


def test_a_monitor_with_a_level_of_its_own_is_not_switched() -> None:
    events = [switch(3, "confirmed", "finalized"), *given(CHAIN[PLAIN][0], "finalized")]
    complaints = told(events, "confirmed", follows=False).complaints
    assert complaints[0] == "m: 3:commitment:finalized is for a monitor with a level of its own"


def test_who_had_nothing_of_a_lost_block_needs_no_undo_of_it() -> None:
    """Versions are those of a level: another monitor's undo makes the next version for all of it."""
    other = Watcher("n", lambda r: r.get("signature") == "c", "processed")
    seconds = given(CHAIN[LOST][1], "processed", version=1)
    told_both = [
        {**event, "monitors": ["m", "n"]}
        if event in seconds and event["id"].endswith(":c")
        else event
        for event in P
    ]
    both = [Watcher("m", lambda _: True, "processed"), other]
    assert judge(told_both, CHAIN, both).complaints == []


def test_pins_change_the_level_each_time_and_in_both_directions() -> None:
    pins = draw_pins(1, 1000)
    assert pins == draw_pins(1, 1000) != draw_pins(2, 1000)
    assert [pin.at_slot for pin in pins] == list(range(EVERY, 1000, EVERY))
    steps = {after.level - before.level for before, after in itertools.pairwise(pins)}
    assert steps == {-2, -1, 1, 2}
