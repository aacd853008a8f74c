"""Profiles of endpoints as the API tells them."""

from dataclasses import replace

import orjson

from monitor.app.profile_view import profile_view
from tests.runtime.test_probing import PROFILE


def at_noon(stamp_ns: int) -> int:
    return stamp_ns + 1_800_000_000 * 10**9


def test_a_profile_is_told_in_plain_values() -> None:
    told = profile_view(
        replace(PROFILE, probed_at=5.5, checked_at=7.5, latency=0.01234567), at_noon
    )
    assert orjson.loads(orjson.dumps(told)) == {
        "family": "richat",
        "version": "richat 10.0.0",
        "refusal": None,
        "has_replay": True,
        "floor": 70,
        "tip": 200,
        "depth": 131,
        "compression": "identity",
        "latency": 0.012346,
        "at": "2027-01-15T08:00:05.500000Z",
        "checked_at": "2027-01-15T08:00:07.500000Z",
    }


def test_what_is_not_known_is_none() -> None:
    assert profile_view(None, at_noon) is None
    told = profile_view(
        replace(PROFILE, version=None, refusal="UNAVAILABLE", latency=None), at_noon
    )
    assert told is not None
    assert (told["version"], told["refusal"], told["latency"]) == (None, "UNAVAILABLE", None)
