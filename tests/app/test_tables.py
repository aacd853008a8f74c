"""What people see of slots and of the status."""

from io import StringIO
from typing import Any

import orjson
import pytest
from rich.console import Console

from monitor.adapters.http.slots import lines_of
from monitor.app.tables import (
    console,
    coverage_words,
    delay_words,
    frontier_words,
    plain,
    show_slots,
    show_status,
    slots_words,
    sources_words,
)
from monitor.core.certificates import SlotEnd
from monitor.stored import StoredSlot
from tests.adapters.http.answers import stored

STATUS: dict[str, Any] = {
    "ready": True,
    "reasons": [],
    "frontiers": {"confirmed": 120, "finalized": 99},
    "commitment": {
        "level": "confirmed",
        "since_slot": 90,
        "reason": "8.0 % of 200 slots were forks",
    },
    "durable_slot": 98,
    "tip_slot": 131,
    "slots": {"complete": 88, "skipped": 12},
    "coverage": {"complete": 88, "produced": 88, "counted_by": "parent_slot"},
    "endpoints": [
        {
            "endpoint": "ams",
            "region": "europe",
            "provider": "one",
            "open_feeds": 1,
            "last_message_age": 0.04,
            "last_ending": None,
            "duplicates": 7,
            "missed": 3,
        },
        {
            "endpoint": "nyc",
            "region": "us",
            "provider": "two",
            "open_feeds": 0,
            "last_message_age": None,
            "last_ending": {"reason": "auth", "code": "UNAUTHENTICATED", "text": "no [bold]token"},
            "duplicates": 0,
            "missed": 0,
        },
    ],
    "sinks": [
        {"sink": "file", "queued_bytes": 90, "records": 31, "failures": 2, "failing": "disk full"}
    ],
}


def shown(draw: Any, *arguments: object) -> list[str]:
    """The lines of a view, without the spaces between and behind its columns."""
    written = StringIO()
    draw(Console(file=written, width=160), *arguments)
    return [" ".join(line.split()) for line in written.getvalue().splitlines() if line.strip()]


def objects(*slots: StoredSlot) -> list[dict[str, Any]]:
    """As the API gives them."""
    return [orjson.loads(line) for line in lines_of(slots).splitlines()]


def test_a_slot_is_a_row_with_its_proof_and_who_brought_and_missed_it() -> None:
    lines = shown(show_slots, objects(stored(7)), None)

    assert lines[0] == "slot state proof brought by missed by delay"
    assert lines[2] == (
        "7 complete transactions 0..41 counted ams 42, nyc 40 in part nyc ams first, nyc +12.5 ms"
    )
    assert lines[3] == "1 slot: 1 complete; coverage 100 % (1 of 1 blocks)"


def test_no_slot_is_no_table() -> None:
    assert shown(show_slots, [], None) == ["0 slots; coverage unknown (no block yet)"]
    assert shown(show_slots, [], 5) == [
        "5 slots: 5 without a certificate; coverage unknown (no block yet)"
    ]


def test_counts_go_by_state_in_one_order_and_tell_what_has_no_certificate() -> None:
    states = {"skipped": 12, "complete": 85, "partial": 2, "recovered": 1}

    assert slots_words(states, 103) == (
        "103 slots: 85 complete, 2 partial, 1 recovered, 12 skipped, 3 without a certificate; "
        "coverage 97.72 % (86 of 88 blocks)"
    )


def test_slots_that_hold_no_block_of_the_chain_do_not_count_as_uncovered() -> None:
    states = {"complete": 1, "skipped": 5, "forked": 3, "dead": 1}

    assert slots_words(states, None).endswith("coverage 100 % (1 of 1 blocks)")


@pytest.mark.parametrize(
    ("held", "produced", "words"),
    [
        (0, 0, "unknown (no block yet)"),
        (0, 3, "0 % (0 of 3 blocks)"),
        (88, 88, "100 % (88 of 88 blocks)"),
        (99_999, 100_000, "99.99 % (99999 of 100000 blocks)"),
        (9, 10, "90 % (9 of 10 blocks)"),
        (3499, 3500, "99.97 % (3499 of 3500 blocks)"),
    ],
)
def test_only_the_whole_is_called_100(held: int, produced: int, words: str) -> None:
    assert coverage_words(held, produced) == words


def test_the_first_to_tell_comes_first() -> None:
    assert delay_words({"tyo": 80.04, "ams": 0.0, "nyc": 12.5}) == (
        "ams first, nyc +12.5 ms, tyo +80.0 ms"
    )
    assert delay_words({}) == ""


def test_a_source_that_did_not_tell_the_whole_slot_says_so() -> None:
    sources = objects(stored(7))[0]["sources"]

    assert sources_words(sources) == "ams 42, nyc 40 in part"
    assert sources_words([]) == ""


def test_the_status_tells_how_far_the_daemon_is_and_how_each_part_does() -> None:
    assert [line for line in shown(show_status, STATUS) if "─" not in line] == [
        "ready",
        "frontiers tip 131, confirmed 120, finalized 99, on disk 98",
        "commitment confirmed since slot 90: 8.0 % of 200 slots were forks",
        "coverage 100 % (88 of 88 blocks), counted by parent_slot",
        "slots 88 complete, 12 skipped",
        "endpoint feeds heard duplicates missed last ending",
        "ams 1 0.0 s ago 7 3",
        "nyc 0 never 0 0 auth: no [bold]token",
        "sink records queued bytes failures fails now",
        "file 31 90 2 disk full",
    ]


def test_a_daemon_that_is_not_ready_says_each_reason_and_nothing_that_is_unknown() -> None:
    told = STATUS | {
        "ready": False,
        "reasons": ["sink file is not open", "no feed has brought a whole slot yet"],
        "frontiers": {},
        "durable_slot": None,
        "tip_slot": None,
        "slots": {},
        "coverage": None,
        "commitment": {"level": "processed", "since_slot": None, "reason": "as configured"},
    }
    assert shown(show_status, told)[:6] == [
        "not ready",
        "sink file is not open",
        "no feed has brought a whole slot yet",
        "frontiers none yet",
        "commitment processed: as configured",
        "endpoint feeds heard duplicates missed last ending",
    ]


def test_the_frontier_leaves_out_what_is_unknown() -> None:
    told = {"tip_slot": 5, "frontiers": {"processed": 5}, "durable_slot": None}

    assert frontier_words(told) == "tip 5, processed 5"


def test_what_would_colour_or_move_the_terminal_is_written_as_an_escape() -> None:
    assert plain("a\x1b[31mb\nc").plain == "a\\u001b[31mb\\u000ac"
    assert plain("[red]é").plain == "[red]é"


def test_an_ending_without_a_text_is_told_by_its_code() -> None:
    ending = {"reason": "end", "code": "OK", "text": ""}
    endpoint = STATUS["endpoints"][0] | {"last_ending": ending}

    assert "end: OK" in " ".join(shown(show_status, STATUS | {"endpoints": [endpoint]}))


def test_states_have_colours_on_a_terminal_only() -> None:
    written = StringIO()
    terminal = Console(file=written, width=160, force_terminal=True, color_system="standard")
    show_slots(terminal, objects(stored(7, SlotEnd.PARTIAL)), None)

    assert "\x1b[1;31mpartial\x1b[0m" in written.getvalue()
    assert "\x1b" not in "".join(shown(show_slots, objects(stored(7, SlotEnd.PARTIAL)), None))


def test_a_pipe_is_wide_enough_for_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert console().width >= 160
