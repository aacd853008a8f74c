"""What a place says of the slots that are there."""

import pytest

from monitor.core.jobs import JobState
from monitor.core.recovery_places import Grant, Place
from tests.core.recovering import REPLAY, RPC

GRANT = Grant(RPC, 1, 2, 9.0)


@pytest.mark.parametrize(
    ("place", "state", "is_ready"),
    [
        (Place(RPC, 0.0), JobState.OPEN, True),
        (Place(REPLAY, 0.0, due=3.0), JobState.OPEN, False),
        (Place(RPC, 0.0, grant=GRANT), JobState.LEASED, False),
        (Place(RPC, 0.0, is_fetched=True, due=3.0), JobState.LEASED, False),
        (Place(RPC, 0.0, rounds=1, due=3.0), JobState.LOST, False),
        (Place(RPC, 0.0, rounds=1), JobState.LOST, True),
        (Place(RPC, 0.0, rounds=1, grant=GRANT), JobState.LOST, False),
    ],
)
def test_state_and_readiness(place: Place, state: JobState, is_ready: bool) -> None:
    assert place.state is state
    assert place.is_ready == is_ready


def test_rank_sets_named_before_unknown_before_hopeless_then_old() -> None:
    ascending = [
        Place(RPC, 0.0),
        Place(RPC, 50.0),
        Place(RPC, 0.0, is_unknown=True),
        Place(RPC, 50.0, is_unknown=True),
        Place(RPC, 50.0, is_hopeless=True),
        Place(RPC, 0.0, is_hopeless=True, is_unknown=True),
        Place(RPC, 50.0, rounds=1),
        Place(RPC, 0.0, rounds=1, is_unknown=True),
    ]
    assert sorted(reversed(ascending), key=lambda each: each.rank) == ascending


def test_a_lease_changes_nothing_that_is_kept() -> None:
    place = Place(RPC, 0.0, attempts=2, rounds=3)
    assert place.kept == (RPC, 2, True)
    assert place._replace(grant=GRANT, last=RPC).kept == place.kept
