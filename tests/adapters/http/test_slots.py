"""Which slots a question names, and how their certificates are written."""

from dataclasses import replace

import orjson
import pytest

from monitor.adapters.http.slots import (
    MOST_SLOTS,
    USUAL_SLOTS,
    SlotsRefused,
    asked_range,
    lines_of,
)
from monitor.core.certificates import SlotEnd
from tests.adapters.http.answers import stored


@pytest.mark.parametrize(
    ("query", "newest", "asked"),
    [
        ({"from": "5", "to": "9"}, None, (5, 9)),
        ({"from": "5", "to": "5"}, 100, (5, 5)),
        ({"from": "0", "to": str(MOST_SLOTS)}, 7, (0, MOST_SLOTS)),
        ({}, 1000, (1001 - USUAL_SLOTS, 1001)),
        ({}, 3, (0, 4)),
        ({}, None, (0, 0)),
        ({"from": "998"}, 1000, (998, 1001)),
        ({"from": "1200"}, 1000, (1200, 1200)),
        ({"from": "5"}, None, (5, 5)),
        ({"to": "500"}, 1000, (500 - USUAL_SLOTS, 500)),
        ({"to": "50"}, None, (0, 50)),
        ({"to": str(2**63 - 1)}, None, (2**63 - 1 - USUAL_SLOTS, 2**63 - 1)),
    ],
)
def test_a_range_ends_before_to_and_what_is_left_out_is_the_newest(
    query: dict[str, str], newest: int | None, asked: tuple[int, int]
) -> None:
    assert asked_range(query, newest) == asked


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "1.5", "+5", " 5", "٣", "0x5", str(2**63), "9" * 9999]
)
@pytest.mark.parametrize("word", ["from", "to"])
def test_what_is_no_slot_is_refused(word: str, text: str) -> None:
    with pytest.raises(SlotsRefused) as refused:
        asked_range({word: text}, 100)
    assert str(refused.value) == (
        f"{word} is no slot; write a whole number such as {word}=300000000"
    )


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"form": "5", "to": "9"}, "form is no word here; write from and to alone"),
        ({"from": "9", "to": "5"}, "from 9 is above to 5; write the lower slot first"),
        (
            {"from": "5", "to": "1006"},
            "from 5 to 1006 are 1001 slots; ask for 1000 at a time",
        ),
        ({"from": "1"}, "from 1 to 5001 are 5000 slots; ask for 1000 at a time"),
    ],
)
def test_a_range_that_cannot_be_answered_says_what_to_ask(query: dict[str, str], told: str) -> None:
    with pytest.raises(SlotsRefused) as refused:
        asked_range(query, 5000)
    assert str(refused.value) == told


def test_a_certificate_is_one_line_under_the_documented_names() -> None:
    (line,) = lines_of([stored(300_000_007)]).splitlines()
    assert orjson.loads(line) == {
        "slot": 300_000_007,
        "state": "complete",
        "proof": "transactions 0..41 counted",
        "blockhash": "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM",
        "parent_slot": 300_000_006,
        "block_height": 299_999_907,
        "sources": [
            {"endpoint": "ams", "transactions": 42, "covers": True},
            {"endpoint": "nyc", "transactions": 40, "covers": False},
        ],
        "missed_by": ["nyc"],
        "delay_ms": {"ams": 0.0, "nyc": 12.5},
        "recovered_by": None,
        "closed_at": "2026-11-21T08:00:00.123456Z",
    }


def test_what_a_skipped_slot_has_not_is_null_or_empty() -> None:
    skipped = replace(
        stored(8, SlotEnd.SKIPPED), blockhash=None, parent_slot=None, sources=(), delay_ms=()
    )
    (line,) = lines_of([skipped]).splitlines()
    told = orjson.loads(line)
    assert told["state"] == "skipped"
    assert (told["blockhash"], told["parent_slot"], told["block_height"]) == (None, None, None)
    assert (told["sources"], told["delay_ms"]) == ([], {})


def test_every_line_ends_and_no_certificate_is_no_line() -> None:
    assert lines_of([stored(1), stored(2)]).count(b"\n") == 2
    assert lines_of([stored(1)]).endswith(b"}\n")
    assert lines_of([]) == b""
