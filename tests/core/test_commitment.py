"""The level follows the chain up at once, and down step by step after calm dwells; look after look, as dialogues."""

from dataclasses import replace
from typing import Any

import pytest

from monitor.core.commitment import EVERY, NEWEST, Adapting, Decision, LevelPolicy, LevelStrategy
from monitor.core.conditions import Conditions, RecentDelay
from monitor.core.strain import Cause
from tests.core.test_strain import CALM
from tests.core.weather import CONFIRMED, FINALIZED, PROCESSED, policy

UNSTEADY: dict[str, Any] = {"fork_rate": 0.08}
STORMY: dict[str, Any] = {"disagreements": 1}
BUSY: dict[str, Any] = {"throughput": 900.0}

Line = tuple[float, dict[str, Any], str]
"""When, what differs from a calm chain, and what is decided: empty, it stays."""

AGGRESSIVE: list[Line] = [
    (0.0, {}, ""),
    (1.0, {"fork_rate": 0.04}, ""),
    (2.0, UNSTEADY, "processed -> confirmed: 8.0 % of 200 slots were forks in 60 s: released at confirmed"),
    (3.0, UNSTEADY, ""),
    (4.0, STORMY, "confirmed -> finalized: 1 disagreement of endpoints about confirmed blocks in 60 s: released at finalized"),
    (5.0, {"fork_rate": 0.5, **STORMY}, ""),
    (10.0, {}, ""),
    (69.9, {}, ""),
    (70.0, {}, "finalized -> confirmed: nothing called for finalized for 60 s: released at confirmed"),
    (71.0, {}, ""),
    (130.9, {}, ""),
    (131.0, {}, "confirmed -> processed: nothing called for confirmed for 60 s: released at processed"),
    (9999.0, {}, ""),
]  # fmt: skip

BALANCED: list[Line] = [
    (0.0, {}, ""),
    (1.0, UNSTEADY, "confirmed -> finalized: 8.0 % of 200 slots were forks in 60 s: released at finalized"),
    (2.0, STORMY, ""),
    (10.0, {}, ""),
    (69.0, UNSTEADY, ""),  # the calm did not last
    (70.0, {}, ""),
    (129.0, {}, ""),
    (130.0, {}, "finalized -> confirmed: nothing called for finalized for 60 s: released at confirmed"),
    (9999.0, {}, ""),
]  # fmt: skip

CONSERVATIVE: list[Line] = [
    (0.0, {}, ""),
    (1.0, UNSTEADY, ""),
    (2.0, STORMY, ""),
    (3.0, {}, ""),
    (9999.0, {}, ""),
]

RELAPSES: list[Line] = [
    (0.0, STORMY, "confirmed -> finalized: 1 disagreement of endpoints about confirmed blocks in 60 s: released at finalized"),
    (1.0, {}, ""),
    (61.0, {}, "finalized -> confirmed: nothing called for finalized for 60 s: released at confirmed"),
    # Within a minute: two minutes now, then four.
    (120.9, STORMY, "confirmed -> finalized: 1 disagreement of endpoints about confirmed blocks in 60 s: released at finalized"),
    (200.0, {}, ""),
    (319.0, {}, ""),
    (320.0, {}, "finalized -> confirmed: nothing called for finalized for 120 s: released at confirmed"),
    (439.0, STORMY, "confirmed -> finalized: 1 disagreement of endpoints about confirmed blocks in 60 s: released at finalized"),
    (440.0, {}, ""),
    (679.0, {}, ""),
    (680.0, {}, "finalized -> confirmed: nothing called for finalized for 240 s: released at confirmed"),
    # After four minutes it is no relapse; but no long calm either.
    (920.0, STORMY, "confirmed -> finalized: 1 disagreement of endpoints about confirmed blocks in 60 s: released at finalized"),
    (921.0, {}, ""),
    (1160.0, {}, ""),
    (1161.0, {}, "finalized -> confirmed: nothing called for finalized for 240 s: released at confirmed"),
    # A quarter of an hour is a long calm: as at first.
    (2061.0, STORMY, "confirmed -> finalized: 1 disagreement of endpoints about confirmed blocks in 60 s: released at finalized"),
    (2062.0, {}, ""),
    (2121.0, {}, ""),
    (2122.0, {}, "finalized -> confirmed: nothing called for finalized for 60 s: released at confirmed"),
]  # fmt: skip

LATE: dict[str, Any] = {"latency": 0.7}
SOON: dict[str, Any] = {"latency": 0.002}

WISHES: list[Line] = [
    (0.0, LATE, ""),
    (59.0, LATE, ""),
    (60.0, LATE, "confirmed -> processed: events took 0.70 s where 0.5 s are wished for, and nothing called for confirmed for 60 s: released at processed"),
    (61.0, SOON, ""),
    (600.0, SOON, ""),
    # Two above the level, for it is the base that one more is counted from.
    (601.0, {**SOON, **UNSTEADY}, "processed -> finalized: 8.0 % of 200 slots were forks in 60 s: released at finalized"),
    (610.0, {}, ""),
    (670.0, {}, "finalized -> confirmed: nothing called for finalized for 60 s: released at confirmed"),
    (671.0, {**LATE, **UNSTEADY}, "confirmed -> finalized: 8.0 % of 200 slots were forks in 60 s: released at finalized"),
    (680.0, LATE, ""),
    (800.0, LATE, "finalized -> confirmed: nothing called for finalized for 120 s: released at confirmed"),
    (801.0, LATE, ""),
    (921.0, LATE, "confirmed -> processed: events took 0.70 s where 0.5 s are wished for, and nothing called for confirmed for 120 s: released at processed"),
    # The chain itself confirms sooner than is wished for.
    (1500.0, {**SOON, "confirmation_delay": RecentDelay(0.2, 0.3, 0.6)}, "processed -> confirmed: nothing less is wished for: released at confirmed"),
    (1501.0, {"latency": 0.3, "confirmation_delay": RecentDelay(0.2, 0.3, 0.6)}, ""),
    (9999.0, {"latency": 0.3, "confirmation_delay": RecentDelay(0.2, 0.3, 0.6)}, ""),
]  # fmt: skip

THROUGHPUT: list[Line] = [
    (0.0, {}, ""),
    (1.0, BUSY, ""),
    (30.0, {"throughput": 500.0}, ""),  # the wish did not last
    (31.0, BUSY, ""),
    (90.0, BUSY, ""),
    (91.0, BUSY, "confirmed -> processed: 900 events/s came where 800 are the most, and nothing called for confirmed for 60 s: released at processed"),
    (92.0, {"throughput": 700.0}, ""),
    (93.0, {"throughput": 600.0}, "processed -> confirmed: nothing less is wished for: released at confirmed"),
]  # fmt: skip

UNKNOWN: list[Line] = [
    (0.0, STORMY, "confirmed -> finalized: 1 disagreement of endpoints about confirmed blocks in 60 s: released at finalized"),
    (1.0, {}, ""),
    # We know nothing for a while: that is no calm, and does not end one.
    (21.0, {}, ""),
    (50.0, {name: None for name in ("tip_age", "confirmed_age", "finalized_age", "fork_rate", "dead_rate", "disagreements", "equivocations", "slot_lag")}, ""),
    (51.0, {}, ""),
    (89.0, {}, ""),
    (90.0, {}, "finalized -> confirmed: nothing called for finalized for 60 s: released at confirmed"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("levels", "history"),
    [
        (policy("aggressive"), AGGRESSIVE),
        (policy("balanced"), BALANCED),
        (policy("conservative"), CONSERVATIVE),
        (policy("balanced"), RELAPSES),
        (policy("balanced", max_latency=0.5), WISHES),
        (policy("balanced", max_throughput=800.0), THROUGHPUT),
        (policy("conservative", max_throughput=800.0), [(at, BUSY, "") for at in range(0, 999, 60)]),
        (policy("aggressive", max_throughput=800.0), [(at, BUSY, "") for at in range(0, 999, 60)]),
        (policy("balanced"), UNKNOWN),
        (replace(policy("balanced"), strategy=LevelStrategy.FIXED), [(0.0, STORMY, ""), (99.0, {}, "")]),
    ],
    ids=["aggressive", "balanced", "conservative", "relapses", "latency", "throughput", "no lower bound", "nothing lower", "unknown", "fixed"],
)  # fmt: skip
def test_decides(levels: LevelPolicy, history: list[Line]) -> None:
    adapting = Adapting(levels, levels.base, 0.0)
    told = [(at, how, said(adapting.decide(replace(CALM, **how), at))) for at, how, _ in history]
    assert told == history


def said(decision: Decision | None) -> str:
    """The decision as a line has it."""
    if decision is None:
        return ""
    return f"{decision.came_from.name.lower()} -> {decision.level.name.lower()}: {decision.reason}"


def test_the_dwell_doubles_up_to_the_longest() -> None:
    adapting = Adapting(policy("balanced", dwell=60.0, longest_dwell=200.0), CONFIRMED, 0.0)
    now, dwells = 0.0, []
    for _ in range(5):
        adapting.decide(replace(CALM, **STORMY), now)
        began = now
        while adapting.level is FINALIZED:
            now += 1.0
            adapting.decide(CALM, now)
        dwells.append(now - began - 1.0)
    assert dwells == [60.0, 120.0, 200.0, 200.0, 200.0]


def test_the_bounds_hold_in_a_storm_and_in_calm() -> None:
    narrow = LevelPolicy(
        LevelStrategy.ADAPTIVE, CONFIRMED, CONFIRMED, CONFIRMED, max_throughput=1.0
    )
    adapting = Adapting(narrow, CONFIRMED, 0.0)
    assert adapting.decide(replace(CALM, **STORMY), 0.0) is None
    assert adapting.decide(CALM, 1.0) is None
    assert adapting.decide(CALM, 1000.0) is None


def test_what_an_earlier_process_ended_at_is_left_after_a_dwell() -> None:
    adapting = Adapting(policy("balanced"), FINALIZED, 0.0)
    assert adapting.decide(CALM, 60.0) is None
    assert said(adapting.decide(CALM, 120.0)).startswith("finalized -> confirmed")
    below = Adapting(policy("balanced"), PROCESSED, 0.0)
    assert said(below.decide(CALM, 1.0)) == (
        "processed -> confirmed: nothing less is wished for: released at confirmed"
    )


def test_several_troubles_are_all_told() -> None:
    adapting = Adapting(policy("aggressive"), PROCESSED, 0.0)
    decision = adapting.decide(replace(CALM, tip_age=30.0, finalized_age=40.0, **UNSTEADY), 5.0)
    assert decision is not None
    assert decision.reason == (
        "no slot advanced for 30 s; no block became final for 40 s: released at finalized"
    )
    assert [each.cause for each in adapting.troubles] == [
        Cause.HALT,
        Cause.FINALITY_STALL,
        Cause.FORKS,
    ]


def test_decisions_are_kept_with_what_they_were_made_by_and_counted() -> None:
    adapting = Adapting(policy("balanced", dwell=1.0, longest_dwell=1.0), CONFIRMED, 0.0)
    stormy = replace(CALM, **STORMY)
    for round_ in range(NEWEST):
        adapting.decide(stormy, 4.0 * round_)
        adapting.decide(CALM, 4.0 * round_ + 1.0)
        adapting.decide(CALM, 4.0 * round_ + 2.0)
    assert adapting.counts == {"tightened": NEWEST, "loosened": NEWEST}
    assert len(adapting.decisions) == NEWEST
    newest = adapting.decisions[-1]
    assert (newest.at, newest.came_from, newest.level) == (4.0 * NEWEST - 2.0, FINALIZED, CONFIRMED)
    assert newest.conditions == CALM
    assert adapting.decisions[-2].conditions == stormy


def test_an_operator_says_the_level_whatever_the_bounds() -> None:
    adapting = Adapting(policy("conservative"), FINALIZED, 0.0)
    adapting.decide(CALM, 0.0)
    pinned = adapting.pin(PROCESSED, "an operator wants it", 1.0)
    assert pinned == Decision(1.0, FINALIZED, PROCESSED, "an operator wants it", CALM)
    assert list(adapting.decisions) == [pinned]
    assert adapting.pinned is PROCESSED
    assert adapting.decide(replace(CALM, **STORMY), 2.0) is None
    assert adapting.level is PROCESSED
    assert adapting.pin(PROCESSED, "again", 3.0) is None
    assert adapting.pin(None, "as the policy says", 4.0) is None
    assert adapting.pinned is None
    assert said(adapting.decide(CALM, 5.0)).startswith("processed -> finalized: ")


def test_trouble_that_came_while_a_level_was_pinned_counts_when_it_is_not() -> None:
    adapting = Adapting(policy("balanced"), CONFIRMED, 0.0)
    adapting.pin(CONFIRMED, "an operator wants it", 0.0)
    adapting.decide(replace(CALM, **UNSTEADY), 1.0)
    adapting.pin(None, "as the policy says", 2.0)
    assert said(adapting.decide(replace(CALM, fork_rate=0.04), 3.0)).startswith("confirmed -> fin")


def test_what_was_pinned_above_is_left_after_a_dwell() -> None:
    adapting = Adapting(policy("aggressive"), PROCESSED, 0.0)
    adapting.pin(FINALIZED, "an operator wants it", 0.0)
    for second in range(1, 100):
        adapting.decide(CALM, float(second))
    adapting.pin(None, "as the policy says", 100.0)
    assert adapting.decide(CALM, 101.0) is None
    assert said(adapting.decide(CALM, 161.0)).startswith("finalized -> confirmed: nothing called")


def test_a_fixed_level_comes_back_when_a_pin_ends() -> None:
    fixed = LevelPolicy(LevelStrategy.FIXED, CONFIRMED, CONFIRMED, CONFIRMED)
    adapting = Adapting(fixed, CONFIRMED, 0.0)
    assert said(adapting.pin(PROCESSED, "for a test", 1.0)) == "confirmed -> processed: for a test"
    assert said(adapting.pin(None, "it is over", 2.0)) == "processed -> confirmed: it is over"
    assert adapting.pin(None, "it is over", 3.0) is None
    assert adapting.decisions[0].conditions == Conditions()
    assert adapting.counts == {"tightened": 1, "loosened": 1}


def test_it_is_asked_again_each_second_and_never_where_the_level_is_fixed() -> None:
    adapting = Adapting(policy("balanced"), CONFIRMED, 5.0)
    assert adapting.next_deadline() == 5.0
    adapting.decide(CALM, 5.5)
    assert adapting.next_deadline() == 5.5 + EVERY
    fixed = replace(policy("balanced"), strategy=LevelStrategy.FIXED)
    assert Adapting(fixed, CONFIRMED, 5.0).next_deadline() is None
