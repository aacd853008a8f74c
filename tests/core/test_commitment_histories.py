"""Histories of a chain, as dialogues: what happens to it, and what is decided until the next line; nothing where nothing is said."""

from typing import Any

import pytest

from tests.core.weather import Weather, play, policy

NEARLY_AT_ONCE = {"confirms": 0.15, "finalizes": 0.15}
"""Seconds of confirmation and of finality (Alpenglow)."""

Line = tuple[Any, ...]
"""Seconds since our start, what happens, how the chain does from then on, and the decisions."""

CALM: list[Line] = [
    (0, "all is well", {}),
    (600, "one slot in fifty loses, one in a hundred dies", {"forks": 0.02, "dead": 0.01}),
    (1200, "our process stands still for more than a minute", {"stopped": True}),
    (1280, "and goes on", {"stopped": False}),
    (1500, "no endpoint is to be reached for more than a minute", {"dark": True}),
    (1580, "and all are again", {"dark": False}),
    (1800, "the end", {}),
]

FORK_STORM: list[Line] = [
    (0, "all is well", {}),
    (300, "one slot in four loses", {"forks": 0.25},
     "326 s, from processed: 5.4 % of 148 slots were forks in 60 s: released at confirmed",
     "350 s, from confirmed: 15.4 % of 149 slots were forks in 60 s: released at finalized"),
    (420, "all build on one fork again", {"forks": 0.0},
     "530 s, from finalized: nothing called for finalized for 60 s: released at confirmed",
     "591 s, from confirmed: nothing called for confirmed for 60 s: released at processed"),
    (1200, "the end", {}),
]  # fmt: skip

FORKS_AT_CONFIRMED: list[Line] = [
    (0, "all is well", {}),
    (300, "one slot in four loses", {"forks": 0.25},
     "326 s, from confirmed: 5.4 % of 148 slots were forks in 60 s: released at finalized"),
    (420, "all build on one fork again", {"forks": 0.0},
     "546 s, from finalized: nothing called for finalized for 60 s: released at confirmed"),
    (1200, "the end", {}),
]  # fmt: skip

SLOW_CONFIRMATION: list[Line] = [
    (0, "all is well", {}),
    (300, "votes come late", {"confirms": 3.0},
     "317 s, from processed: a confirmation took 3.0 s and usually 0.6 s: released at confirmed"),
    (420, "and in time again", {"confirms": 0.6},
     "496 s, from confirmed: nothing called for confirmed for 60 s: released at processed"),
    (600, "no votes at all", {"confirms": None, "finalizes": None},
     "605 s, from processed: no block was confirmed for 5 s: released at confirmed",
     "620 s, from confirmed: no block became final for 20 s: released at finalized"),
    (720, "and in time again", {"confirms": 0.6, "finalizes": 12.8},
     "780 s, from finalized: nothing called for finalized for 60 s: released at confirmed",
     "841 s, from confirmed: nothing called for confirmed for 60 s: released at processed"),
    (1200, "the end", {}),
]  # fmt: skip

FINALITY_STALL: list[Line] = [
    (0, "all is well", {}),
    (300, "nothing becomes final", {"finalizes": None},
     "319 s, from confirmed: no block became final for 19 s: released at finalized"),
    (900, "ten minutes of slots become final", {"finalizes": 12.8},
     "990 s, from finalized: nothing called for finalized for 60 s: released at confirmed"),
    (1500, "the end", {}),
]  # fmt: skip

SLOW_FINALITY: list[Line] = [
    (0, "all is well", {}),
    (300, "blocks become final late", {"finalizes": 30.0},
     "324 s, from processed: finality took 30.0 s and usually 12.8 s: released at confirmed"),
    (600, "and in time again", {"finalizes": 12.8},
     "678 s, from confirmed: nothing called for confirmed for 60 s: released at processed"),
    (1200, "the end", {}),
]  # fmt: skip

DEAD_SLOTS: list[Line] = [
    (0, "all is well", {}),
    (300, "one slot in twenty dies", {"dead": 0.05},
     "353 s, from confirmed: 3.4 % of 148 slots died in 60 s: released at finalized"),
    (900, "none dies", {"dead": 0.0},
     "1016 s, from finalized: nothing called for finalized for 60 s: released at confirmed"),
    (1200, "the end", {}),
]  # fmt: skip

DISAGREEMENT: list[Line] = [
    (0, "all is well", {}),
    (300, "an endpoint confirms other blocks than all others", {"disagree": 0.2},
     "305 s, from processed: 1 disagreement of endpoints about confirmed blocks in 60 s: released at finalized"),
    (330, "it is believed no more", {"disagree": 0.0},
     "450 s, from finalized: nothing called for finalized for 60 s: released at confirmed",
     "511 s, from confirmed: nothing called for confirmed for 60 s: released at processed"),
    (1200, "the end", {}),
]  # fmt: skip

HALT: list[Line] = [
    (0, "all is well", {}),
    (300, "the cluster halts", {"halted": True},
     "305 s, from processed: no block was confirmed for 5 s: released at confirmed",
     "310 s, from confirmed: no slot advanced for 10 s: released at finalized"),
    (1500, "it is restarted", {"halted": False},
     "1560 s, from finalized: nothing called for finalized for 60 s: released at confirmed",
     "1621 s, from confirmed: nothing called for confirmed for 60 s: released at processed"),
    (1800, "the end", {}),
]  # fmt: skip

LAG: list[Line] = [
    (0, "all is well", {}),
    (300, "our feeds fall behind the tip", {"behind": 20},
     "305 s, from processed: we are behind the tip by 5 s: released at confirmed"),
    (400, "and have it again", {"behind": 0},
     "460 s, from confirmed: nothing called for confirmed for 60 s: released at processed"),
    (600, "the end", {}),
]  # fmt: skip

ALPENGLOW: list[Line] = [
    (0, "all is well", {}),
    (300, "thrice as slow, which is not much", {"confirms": 0.5, "finalizes": 0.5}),
    (600, "all is well", NEARLY_AT_ONCE),
    (1000, "nothing becomes final", {"finalizes": None},
     "1010 s, from processed: no block became final for 10 s: released at finalized"),
    (1060, "it does again", NEARLY_AT_ONCE,
     "1120 s, from finalized: nothing called for finalized for 60 s: released at confirmed",
     "1181 s, from confirmed: nothing called for confirmed for 60 s: released at processed"),
    (1500, "the end", {}),
]  # fmt: skip

STOPPED_IN_A_CALM: list[Line] = [
    (0, "all is well", {}),
    (300, "an endpoint confirms other blocks than all others", {"disagree": 0.2},
     "305 s, from processed: 1 disagreement of endpoints about confirmed blocks in 60 s: released at finalized"),
    (306, "it is believed no more", {"disagree": 0.0}),
    (400, "our process stands still", {"stopped": True}),
    (600, "and goes on", {"stopped": False},
     "630 s, from finalized: nothing called for finalized for 60 s: released at confirmed"),
    (680, "no endpoint is to be reached", {"dark": True}),
    (800, "and all are again", {"dark": False},
     "811 s, from confirmed: nothing called for confirmed for 60 s: released at processed"),
    (1000, "the end", {}),
]  # fmt: skip
"""Nobody measured a calm while we stood still, or heard nobody: that time does not count."""

NEW_CONSENSUS: list[Line] = [
    (0, "all is well", {}),
    (300, "the cluster changes to a finality in a moment", NEARLY_AT_ONCE),
    (2100, "votes come as they came before, which is late now", {"confirms": 1.5, "finalizes": 1.5},
     "2116 s, from processed: a confirmation took 1.5 s and usually 0.2 s: released at confirmed"),
    (2300, "and in time again", NEARLY_AT_ONCE,
     "2376 s, from confirmed: nothing called for confirmed for 60 s: released at processed"),
    (2500, "the end", {}),
]  # fmt: skip

WISH: list[Line] = [
    (0, "all is well", {},
     "121 s, from confirmed: events took 0.60 s where 0.4 s are wished for, and nothing called for confirmed for 61 s: released at processed"),
    (300, "two blocks of one slot, again and again", {"equivocate": 0.02},
     "350 s, from processed: 1 slot with two blocks in 60 s: released at finalized"),
    (401, "no more", {"equivocate": 0.0},
     "520 s, from finalized: nothing called for finalized for 60 s: released at confirmed",
     "581 s, from confirmed: events took 0.70 s where 0.4 s are wished for, and nothing called for confirmed for 60 s: released at processed"),
    (1200, "the chain confirms in a moment", {"confirms": 0.2},
     "1229 s, from processed: nothing less is wished for: released at confirmed"),
    (1500, "the end", {}),
]  # fmt: skip

SLOW_SLOTS = {"slot_time": 4.0, "confirms": 6.0, "finalizes": 124.0}
FAST_SLOTS = {"slot_time": 0.1, "confirms": 0.3, "finalizes": 3.2}


@pytest.mark.parametrize(
    ("profile", "chain", "history"),
    [
        ("aggressive", {}, CALM),
        ("aggressive", SLOW_SLOTS, CALM),
        ("aggressive", FAST_SLOTS, CALM),
        ("aggressive", {}, FORK_STORM),
        ("balanced", {}, FORKS_AT_CONFIRMED),
        ("aggressive", {}, SLOW_CONFIRMATION),
        ("balanced", {}, FINALITY_STALL),
        ("aggressive", {}, SLOW_FINALITY),
        ("balanced", {}, DEAD_SLOTS),
        ("aggressive", {}, DISAGREEMENT),
        ("aggressive", {}, HALT),
        ("aggressive", {}, LAG),
        ("aggressive", NEARLY_AT_ONCE, ALPENGLOW),
        ("aggressive", {}, NEW_CONSENSUS),
        ("aggressive", {}, STOPPED_IN_A_CALM),
    ],
    ids=[
        "calm", "calm with slow slots", "calm with fast slots", "fork storm", "forks at confirmed", "slow confirmation",
        "finality stall of ten minutes", "slow finality", "dead slots", "disagreement", "halt and restart", "lag",
        "alpenglow", "a new consensus", "stopped in a calm",
    ],
)  # fmt: skip
def test_a_history_is_decided_so(profile: str, chain: dict[str, Any], history: list[Line]) -> None:
    assert play(Weather(policy(profile), **chain), history) == history


def test_a_latency_is_wished_for_until_the_chain_gives_it() -> None:
    assert play(Weather(policy("balanced", max_latency=0.4)), WISH) == WISH


@pytest.mark.parametrize(
    "history", [FORK_STORM, SLOW_CONFIRMATION, FINALITY_STALL, DEAD_SLOTS, DISAGREEMENT, HALT]
)
def test_conservative_is_finalized_whatever_happens(history: list[Line]) -> None:
    silent = [line[:3] for line in history]
    assert play(Weather(policy("conservative")), silent) == silent
