"""What people see of the profiles of endpoints."""

from dataclasses import replace
from typing import Any

import pytest

from monitor.app.profile_tables import replay_words, show_profiles
from monitor.app.profile_view import profile_view
from tests.app.test_tables import shown
from tests.runtime.test_probing import PROFILE


def told(**changes: Any) -> dict[str, Any]:
    view = profile_view(replace(PROFILE, **changes), lambda stamp: stamp)
    assert view is not None
    return view


def test_each_endpoint_is_a_row() -> None:
    silent = told(
        version=None, refusal="UNAVAILABLE: gone", has_replay=None, tip=None, latency=None
    )
    endpoints = [
        {"endpoint": "ams", "profile": told()},
        {"endpoint": "nyc", "profile": silent},
        {"endpoint": "tyo", "profile": None},
    ]
    lines = shown(show_profiles, endpoints)
    rows = [line.split() for line in lines if line.startswith(("ams", "nyc", "tyo"))]
    assert rows == [
        "ams richat 10.0.0 richat 131 slots, from 70 200 identity 20.0 ms".split(),
        "nyc UNAVAILABLE: gone richat identity".split(),
        ["tyo"],
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "131 slots, from 70"),
        ({"tip": None}, "from 70"),
        ({"floor": None}, "nothing yet"),
        ({"has_replay": False, "floor": None}, "none"),
        ({"has_replay": None, "floor": None}, ""),
    ],
)
def test_how_far_back_an_endpoint_replays_is_said_in_words(
    changes: dict[str, Any], words: str
) -> None:
    assert replay_words(told(**changes)) == words
