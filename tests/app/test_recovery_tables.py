"""What people see of recovery."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from monitor.app.recovery_tables import (
    catch_up_words,
    lasting,
    lost_words,
    open_words,
    recovered_words,
    show_recoveries,
    slots,
)
from monitor.app.recovery_view import RecoveryState, recovery_view
from tests.adapters.metrics.recoveries import IDLE, NOW
from tests.app.test_recovery_view import as_it_is, told
from tests.app.test_tables import shown


def idle() -> dict[str, Any]:
    return recovery_view(RecoveryState(IDLE, (), None, open_slots=0), NOW, as_it_is)


def test_all_of_a_busy_queue_is_shown() -> None:
    assert [line for line in shown(show_recoveries, [told()]) if "─" not in line] == [
        "coverage 99 % (99 of 100 blocks), counted by block_height",
        "open 15 slots, 4 of them in work; the nearest deadline is in 35 s",
        "recovered 300 slots (200 replay, 100 rpc), 0.8 s each on average",
        "lost 4 slots, 1 signed off; not signed off: 300000123, 300000200..300000201",
        "chain-monitor recovery sign-off FIRST [LAST] --reason TEXT --state-dir DIR",
        "catch-up [############------------------] 40 %: 1200 of 3000 slots, 25.0 slots/s, "
        "about 1 min 12 s left, until 1970-01-01T00:17:52Z",
        "slots replay rpc archive",
        "open 9 2",
        "leased 4",
        "lost 3",
        "rpc calls errors waits for its rate",
        "main 120 6 of -32004, 2 of http 429 5, 1.5 s in all",
        "spare 0",
    ]


def test_a_queue_with_nothing_to_do_is_three_lines() -> None:
    assert shown(show_recoveries, [idle()]) == [
        "open nothing is being recovered",
        "recovered 0 slots",
        "lost 0 slots",
    ]


def test_in_a_pipe_each_look_stands_below_the_last() -> None:
    assert len(shown(show_recoveries, [idle(), idle()])) == 6


def test_on_a_terminal_a_look_takes_the_place_of_the_last() -> None:
    written = StringIO()
    terminal = Console(file=written, width=160, force_terminal=True, color_system="standard")
    show_recoveries(terminal, [idle(), idle()])
    up, erase = "\x1b[1A", "\x1b[2K"

    assert (up in written.getvalue(), erase in written.getvalue()) == (True, True)


def test_what_was_shown_stays_when_the_daemon_goes_away() -> None:
    def looks() -> Iterator[dict[str, Any]]:
        yield idle()
        raise ConnectionError

    written = StringIO()
    with pytest.raises(ConnectionError):
        show_recoveries(Console(file=written, width=160, force_terminal=True), looks())
    assert "nothing is being recovered" in written.getvalue()
    assert written.getvalue().endswith("\x1b[?25h")  # the cursor is shown again


def test_lost_slots_alone_are_no_work() -> None:
    lost = {"state": "lost", "rung": "archive", "slots": 3}

    assert open_words(idle() | {"jobs": [lost]}) == "nothing is being recovered"


def test_a_deadline_that_passed_is_told_as_past() -> None:
    words = open_words(told() | {"oldest_deadline": -90.0})
    assert words == "15 slots, 4 of them in work; the nearest deadline was 1 min 30 s ago"
    assert open_words(told() | {"oldest_deadline": None}) == "15 slots, 4 of them in work"


def test_what_was_recovered_before_any_repair_was_timed_has_no_mean() -> None:
    assert recovered_words({"rpc": 1}, {"mean": None}) == "1 slot (1 rpc)"


def test_many_lost_ranges_are_cut_short() -> None:
    ranges = [{"from": n, "to": n + 1} for n in range(0, 24, 2)]
    words = lost_words({"lost": 12, "signed_off": 0, "lost_ranges": ranges})

    assert words == ("12 slots; not signed off: 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, and more")


def test_a_catch_up_begins_with_an_unknown_end_and_ends() -> None:
    began = {"slots": 3, "done": 0, "rate": 0.0, "seconds_left": None, "estimated_end": None}
    ended = {"slots": 3, "done": 3, "rate": 1.5, "seconds_left": 0.0, "estimated_end": "x"}

    assert catch_up_words(began) == f"[{'-' * 30}] 0 %: 0 of 3 slots, 0.0 slots/s, end unknown"
    assert catch_up_words(ended) == f"[{'#' * 30}] 100 %: 3 of 3 slots, 1.5 slots/s, done"
    assert "100 %: 0 of 0 slots" in catch_up_words(ended | {"slots": 0, "done": 0})


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (9.9, "9.9 s"),
        (35.4, "35 s"),
        (125, "2 min 5 s"),
        (3600, "1 h 0 min"),
        (12_059, "3 h 20 min"),
    ],
)
def test_a_time_is_told_as_exactly_as_it_matters(seconds: float, words: str) -> None:
    assert lasting(seconds) == words


def test_one_is_not_many() -> None:
    assert [slots(0), slots(1), slots(2)] == ["0 slots", "1 slot", "2 slots"]
