"""What people see of the commitment."""

import json
from dataclasses import replace
from typing import Any

import pytest

from monitor.app.commitment_tables import chooser_words, show_commitment
from monitor.core.commitment import Adapting
from tests.adapters.http.answers import ANSWERS
from tests.app.test_cli import viewed
from tests.app.test_commitment_view import BALANCED, stormy, told
from tests.app.test_tables import shown
from tests.core.weather import CONFIRMED

CHOOSES = "adaptive, processed to finalized, confirmed while the chain is calm; at most 0.5 s is wished for"


def calm() -> dict[str, Any]:
    return told(Adapting(BALANCED, CONFIRMED, 0.0))


def test_a_level_that_never_changed_is_two_lines() -> None:
    assert shown(show_commitment, calm()) == ["confirmed: as configured", CHOOSES]


def test_troubles_and_decisions_are_shown() -> None:
    found = told(stormy(), since=7)
    reason, trouble = found["reason"], found["troubles"][0]
    assert [line for line in shown(show_commitment, found) if "─" not in line] == [
        f"finalized since slot 7: {reason}",
        CHOOSES,
        f"now: {trouble}",
        "at from to why",
        f"1970-01-01T00:00:02.000000Z confirmed finalized {reason}",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"strategy": "fixed"}, "fixed"),
        ({"strategy": "fixed", "pinned": "finalized"}, "an operator says finalized"),
        (
            {"max_throughput": 5000.0},
            f"{CHOOSES}; above 5000 events/s less is wished for",
        ),
    ],
)
def test_who_chooses_in_words(changes: dict[str, Any], words: str) -> None:
    assert chooser_words(calm() | changes) == words


@pytest.mark.real_time
async def test_the_command_shows_it_in_words_or_as_one_object() -> None:
    answers = replace(ANSWERS, commitment=calm)
    code, output = await viewed(answers, "commitment")
    assert (code, output.splitlines()[0]) == (0, "confirmed: as configured")
    code, output = await viewed(answers, "commitment", "--json")
    assert code == 0
    assert [json.loads(line) for line in output.splitlines()] == [calm()]
