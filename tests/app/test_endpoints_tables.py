"""What people see of endpoints."""

from typing import Any

import pytest

from monitor.app.endpoints_tables import (
    decision_words,
    delay_words,
    replay_words,
    role_words,
    share_words,
    show_endpoints,
    stream_words,
)
from tests.app.test_endpoints_view import ill, well
from tests.app.test_tables import shown

PROFILE: dict[str, Any] = {
    "family": "richat",
    "version": "richat 10.0.0",
    "refusal": None,
    "has_replay": True,
    "depth": 131,
    "latency": 0.0123,
}


def test_each_endpoint_is_a_row() -> None:
    lines = shown(lambda out, told: show_endpoints(out, told, why=False), [ill(), well()])
    rows = [line.split() for line in lines if line.startswith(("ams", "nyc"))]
    assert rows == [
        "ams warm open, half_open circuit 5.6 s 6.0 s 0.1 % 33 % 12 / 40 / 90 ms 0.40"
        " lagged: lagged".split(),
        "nyc hot closed 0 % 0 % 1.00".split(),
    ]
    assert not any("it told block" in line for line in lines)


def test_why_tells_what_was_found_against_each() -> None:
    lines = shown(lambda out, told: show_endpoints(out, told, why=True), [ill(), well()])
    assert [line.rstrip() for line in lines[-3:]] == [
        "ams:",
        "1970-01-01T00:00:02Z block: it told block A of slot 9, and others told B, "
        "3 times since slot 7",
        "nyc: nothing was found against it",
    ]


def decision(what: str, source: str | None, target: str | None) -> dict[str, Any]:
    """A decision as the API tells it."""
    return {
        "at": "1970-01-01T00:00:03.500000Z",
        "what": what,
        "from": source,
        "to": target,
        "why": "it is silent for 6.0 s",
        "planned": False,
    }


def test_why_tells_what_was_decided_about_each() -> None:
    told = well() | {"decisions": [decision("replaced", "nyc", "ams")]}
    lines = shown(lambda out, all_of: show_endpoints(out, all_of, why=True), [told])
    assert [line.rstrip() for line in lines[-2:]] == [
        "nyc: nothing was found against it",
        "1970-01-01T00:00:03Z decided: replaced nyc -> ams: it is silent for 6.0 s",
    ]


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("ams", "nyc", "handed over ams -> nyc: it is silent for 6.0 s"),
        ("ams", None, "handed over ams: it is silent for 6.0 s"),
        (None, "nyc", "handed over nyc: it is silent for 6.0 s"),
        (None, None, "handed over: it is silent for 6.0 s"),
    ],
)
def test_a_decision_names_who_lost_and_who_gained(
    source: str | None, target: str | None, words: str
) -> None:
    assert decision_words(decision("handed_over", source, target)) == words


def test_what_was_found_once_is_not_counted() -> None:
    told = ill()
    told["findings"][0]["count"] = 1
    lines = shown(lambda out, all_of: show_endpoints(out, all_of, why=True), [told])
    assert lines[-1].rstrip().endswith("others told B")


def test_a_drained_endpoint_is_called_so() -> None:
    lines = shown(
        lambda out, told: show_endpoints(out, told, why=False),
        [well() | {"drained": True, "role": "off"}],
    )
    assert any(line.split()[:2] == ["nyc", "drained"] for line in lines)
    assert role_words(well() | {"drained": True}) == "hot, to be drained"
    drained = {"drained": True, "drain_ends_in": 70.0, "role": "off"}
    assert role_words(well() | drained) == "drained for 70 s"


def test_a_promoted_endpoint_is_called_so() -> None:
    assert role_words(well() | {"promoted": True}) == "hot, promoted"
    assert role_words(well() | {"promoted": True, "role": "warm"}) == "warm, to be promoted"


def test_a_stream_that_a_person_must_cure_says_so() -> None:
    told = well() | {"circuit": "open", "needs_person": True}
    assert stream_words(told) == "closed, open circuit, needs a person"


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0 %"),
        (0.001, "0.1 %"),
        (0.055, "5.5 %"),
        (0.333, "33 %"),
        (1.0, "100 %"),
        (1e-9, "0.0001 %"),
    ],
)
def test_small_shares_keep_their_digits(share: float, words: str) -> None:
    assert share_words(share) == words


def test_delays_are_told_once_there_are_any() -> None:
    assert delay_words({"p50": None, "p95": None, "p99": None}) == ""
    assert delay_words({"p50": 0.0, "p95": 0.04, "p99": 0.0904}) == "0 / 40 / 90 ms"


def test_what_a_probe_found_is_a_second_table() -> None:
    all_of = [ill() | {"profile": PROFILE}, well()]
    lines = shown(lambda out, told: show_endpoints(out, told, why=False), all_of)
    rows = [line.split() for line in lines if line.startswith(("ams", "nyc"))]
    assert rows[2:] == [
        "ams richat richat 10.0.0 131 slots 12 ms".split(),
        "nyc not probed yet".split(),
    ]


def test_what_each_carries_is_a_table_of_its_own_where_monitors_are_divided() -> None:
    all_of = [ill(), well() | {"carries": ["swaps", "vaults"]}, well() | {"endpoint": "tyo"}]
    lines = shown(lambda out, told: show_endpoints(out, told, why=False), all_of)
    heading, _, *rows = [line.split() for line in lines[-4:]]
    assert heading == ["endpoint", "carries"]
    assert rows == [
        ["nyc", "swaps,", "vaults"],
        ["tyo", "everything"],
    ]


def test_an_endpoint_that_refused_its_probe_says_why() -> None:
    refused = PROFILE | {
        "family": "unknown",
        "version": None,
        "latency": None,
        "refusal": "UNAUTHENTICATED",
    }
    all_of = [ill() | {"profile": refused | {"depth": None, "has_replay": None}}]
    lines = shown(lambda out, told: show_endpoints(out, told, why=False), all_of)
    rows = [line.split() for line in lines if line.startswith("ams")]
    assert rows[1] == ["ams", "unknown", "UNAUTHENTICATED"]


@pytest.mark.parametrize(
    ("has_replay", "depth", "words"),
    [(True, 0, "0 slots"), (True, None, "some"), (False, None, "none"), (None, None, "")],
)
def test_how_far_back_it_replays(has_replay: bool | None, depth: int | None, words: str) -> None:
    assert replay_words({"has_replay": has_replay, "depth": depth}) == words
