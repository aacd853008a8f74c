"""The comparison, small: all readers see the same messages, and the better form of a rival is what is judged."""

import os
from collections import Counter

import pytest

from tests.bench.compare import without_npm
from tests.bench.contest import Load, run_once
from tests.bench.corpus import TRANSACTIONS, VOTES
from tests.bench.peers import node
from tests.bench.rivals import (
    AIO,
    BARE,
    GRPC_JS,
    HELIUS,
    NPM,
    OURS,
    OURS_TO_FILE,
    TRITON,
    Rival,
    better,
    p99,
    rate,
)
from tests.bench.slots import FIXED, MESSAGES
from tests.bench.trials import MESSAGES_A_BLOCK, TRIALS, Goal, table
from tests.bench.window import Figures

SLOTS = 3
PYTHON = (AIO, Rival("bare", BARE), OURS, OURS_TO_FILE)
SECONDS = 20.0


def figures(rate: float, **delays: float) -> Figures:
    return Figures(round(rate * 2), 2.0, 1.0, 50.0, delays, peak_mb=60.0)


def kinds_of_the_mix() -> Counter[str]:
    transactions = VOTES + TRANSACTIONS
    return Counter(
        account=SLOTS * (MESSAGES - FIXED - transactions),
        transaction=SLOTS * transactions,
        slot=SLOTS * (FIXED - 1),
        block_meta=SLOTS,
    )


@pytest.fixture(scope="module")
def _node_clients() -> None:
    missing = " and ".join(node.missing_programs())
    if missing and os.environ.get("CI") == "true":
        pytest.fail(f"CI has to have {missing}")
    if missing:
        pytest.skip(f"{missing} not found; the clients are Node packages")
    node.install()


@pytest.mark.real_time
@pytest.mark.parametrize("rival", PYTHON, ids=lambda each: each.name)
def test_our_readers_see_every_message_of_a_stream(rival: Rival) -> None:
    load = Load(messages=SLOTS * MESSAGES)
    seen = Counter(run_once(rival.contenders()[0], SECONDS, load).kinds)
    if rival == OURS_TO_FILE:
        assert seen.pop("line") == seen["account"] + seen["transaction"]
    assert seen == kinds_of_the_mix()


@pytest.mark.real_time
@pytest.mark.usefixtures("_node_clients")
@pytest.mark.parametrize("rival", NPM, ids=lambda each: each.name)
def test_npm_clients_see_every_message_of_a_stream(rival: Rival) -> None:
    load = Load(messages=SLOTS * MESSAGES)
    assert run_once(rival.contenders()[0], SECONDS, load).kinds == kinds_of_the_mix()


@pytest.mark.real_time
def test_whole_blocks_are_read_one_a_slot() -> None:
    load = Load(blocks=True, messages=2 * MESSAGES_A_BLOCK)
    for rival in (AIO, OURS):
        kinds = run_once(rival.contenders()[0], SECONDS, load).kinds
        assert kinds == {"slot": 2 * (MESSAGES_A_BLOCK - 2), "block": 2, "block_meta": 2}


def test_the_form_with_the_better_median_counts() -> None:
    runs = {
        AIO.name: [figures(90), figures(100), figures(900)],
        f"{AIO.name}, pinned": [figures(100), figures(110), figures(120)],
    }
    found = better(AIO, runs, rate)
    assert (found.name, found.figures.rate) == ("grpc.aio, pinned", 110)
    assert (found.worst, found.best) == (100, 120)


def test_of_delays_the_shorter_counts() -> None:
    runs = {
        AIO.name: [figures(1, handler_p99=900.0)],
        f"{AIO.name}, pinned": [figures(1, handler_p99=2_000.0)],
    }
    assert better(AIO, runs, p99("handler")).name == "grpc.aio"


def test_a_goal_says_whether_it_is_reached() -> None:
    assert Goal("times", 1.5, 1.5).line() == "- times: 1.50; goal at least 1.5: reached."
    assert Goal("times", 1.499, 1.5).line().endswith("MISSED.")
    late = Goal("p99", 2.01, 2, at_most=True, unit=" ms")
    assert late.line() == "- p99: 2.01 ms; goal at most 2 ms: MISSED."
    assert Goal("p99", 2.0, 2, at_most=True).is_reached


def test_every_trial_has_rows_of_its_width_and_judges_its_goals() -> None:
    delays = {f"{place}_{word}": 900.0 for place in ("handler", "write") for word in ("p50", "p99")}
    reached = {}
    for trial in TRIALS:
        forms = [form for rival in trial.rivals for form in rival.contenders()]
        results = trial.results({form.name: [figures(1_000, **delays)] for form in forms})
        heading, _, *rows = table(trial, results)
        assert {row.count("|") for row in rows} == {heading.count("|")}
        assert len(rows) == len(trial.rivals)
        reached[trial.name] = [goal.is_reached for goal in trial.goals(results)]
    assert reached == {
        "saturated": [False, False, False],
        "three": [True],
        "blocks": [False, True],
        "paced": [True, True],
        "bursts": [False],
    }


def test_ratios_are_ours_to_theirs() -> None:
    saturated, _, blocks, _, bursts = TRIALS
    speeds = {AIO: 100, HELIUS: 200, TRITON: 50, GRPC_JS: 400, OURS: 1_000}
    runs = {
        form.name: [figures(speed, handler_p99=1e6 / speed)]
        for rival, speed in speeds.items()
        for form in rival.contenders()
    }
    assert [goal.value for goal in saturated.goals(saturated.results(runs))] == [10, 5, 20]
    assert blocks.goals(blocks.results(runs))[0].value == 2.5
    assert bursts.goals(bursts.results(runs))[0].value == pytest.approx(0.2)


def test_without_node_the_rest_is_compared() -> None:
    left = [without_npm(each) for each in TRIALS]
    assert not any(set(trial.rivals) & set(NPM) for trial in left)
    forms = [form for trial in left for rival in trial.rivals for form in rival.contenders()]
    run = figures(1_000, handler_p99=1.0, write_p99=1.0)
    judged = [trial.goals(trial.results({form.name: [run] for form in forms})) for trial in left]
    assert [len(goals) for goals in judged] == [1, 1, 1, 2, 0]
