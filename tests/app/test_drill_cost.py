"""What a failover cost, reckoned from what was seen."""

from pathlib import Path

import orjson
import pytest

from monitor.app.drill_cost import Cost, Proof, cost_view, proof_of
from monitor.app.following import Seen

FILE, OTHER = Path("events.jsonl"), Path("other.jsonl")
WELL = Proof(40, 0, 0, 0)


def cost(**more: object) -> Cost:
    """A failover that went well, but for what is said."""
    usual = {
        "endpoint": "ams",
        "successor": None,
        "handed_over": 2.0004,
        "sound_again": 3.5,
        "before": (Seen(FILE, 0.4, 100, 0),),
        "during": (Seen(FILE, 0.45, 110, 0),),
        "proof": WELL,
    }
    return Cost(**(usual | more))  # type: ignore[arg-type]


def test_slots_that_are_open_or_without_a_certificate_are_lost() -> None:
    ends = ("complete", "partial", "lost", "recovered", "skipped", "forked", "dead")
    slots = [{"state": end} for end in ends]
    assert proof_of(slots, 9, 3) == Proof(slots=9, lost=4, recovered=1, missed=3)


def test_counters_that_began_anew_are_no_gain() -> None:
    assert proof_of([], 0, -5).missed == 0


def test_a_pause_is_that_of_the_file_that_paused_longer_by_the_most() -> None:
    made = cost(
        before=(Seen(FILE, 5.0, 1, 0), Seen(OTHER, 0.1, 2, 0)),
        during=(Seen(FILE, 5.2, 3, 1), Seen(OTHER, 0.7, 4, 2)),
    )
    assert made.pauses == (0.1, 0.7)
    assert (made.records, made.duplicates) == (7, 3)


def test_without_a_file_events_and_pauses_are_unknown_and_the_proof_decides() -> None:
    made = cost(before=(), during=())
    assert (made.pauses, made.records, made.duplicates, made.is_clean) == (None, None, None, True)


@pytest.mark.parametrize(
    "more",
    [
        {"fault": "it kept its place"},
        {"proof": Proof(40, 1, 0, 0)},
        {"during": (Seen(FILE, 0.4, 100, 1),)},
    ],
)
def test_a_fault_a_lost_slot_or_a_duplicate_is_not_clean(more: dict[str, object]) -> None:
    assert cost().is_clean
    assert not cost(**more).is_clean


def test_updates_that_others_brought_are_no_loss() -> None:
    assert cost(proof=Proof(40, 0, 3, 9)).is_clean


def test_it_is_told_as_plain_json() -> None:
    assert orjson.loads(orjson.dumps(cost_view(cost(successor="nyc")))) == {
        "endpoint": "ams",
        "successor": "nyc",
        "clean": True,
        "fault": None,
        "handed_over_ms": 2000,
        "sound_again_ms": 3500,
        "slots": 40,
        "lost_slots": 0,
        "recovered_slots": 0,
        "missed": 0,
        "records": 110,
        "duplicates": 0,
        "pause_before_ms": 400,
        "pause_ms": 450,
        "added_ms": 50,
    }


def test_a_shorter_pause_adds_nothing_and_what_is_unknown_is_null() -> None:
    assert cost_view(cost(during=(Seen(FILE, 0.1, 1, 0),)))["added_ms"] == 0
    told = cost_view(cost(handed_over=None, sound_again=None, before=(), during=()))
    assert [key for key, value in told.items() if value is None] == [
        "successor",
        "fault",
        "handed_over_ms",
        "sound_again_ms",
        "records",
        "duplicates",
        "pause_before_ms",
        "pause_ms",
        "added_ms",
    ]
