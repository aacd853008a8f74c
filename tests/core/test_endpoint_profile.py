"""What is known of an endpoint from a probe."""

from dataclasses import replace

import pytest

from monitor.core.endpoint_profile import EndpointCheck, EndpointProfile, ServerFamily


def profile(floor: int | None, tip: int | None) -> EndpointProfile:
    return EndpointProfile(
        0, ServerFamily.UNKNOWN, None, None, None, floor, tip, "identity", None, 0.0
    )


@pytest.mark.parametrize(
    ("floor", "tip", "depth"),
    [(100, 249, 150), (5, 5, 1), (None, 9, None), (9, None, None), (10, 9, None)],
)
def test_the_depth_is_what_lies_between_floor_and_tip(
    floor: int | None, tip: int | None, depth: int | None
) -> None:
    assert profile(floor, tip).depth == depth


CHECK = EndpointCheck(has_replay=True, floor=80, tip=230, latency=0.01, checked_at=9.0)


def test_a_check_moves_what_moves() -> None:
    found = profile(70, 200)
    moved = found.moved(CHECK)
    assert (moved.floor, moved.tip, moved.latency, moved.checked_at) == (80, 230, 0.01, 9.0)
    assert (moved.version, moved.probed_at) == (found.version, found.probed_at)


def test_a_profile_holds_while_the_endpoint_answers_and_replays_as_it_did() -> None:
    found = replace(profile(70, 200), has_replay=True, latency=0.5)
    assert found.still_holds(CHECK)
    assert not found.still_holds(replace(CHECK, latency=None))
    assert not found.still_holds(replace(CHECK, has_replay=False))
    assert replace(found, latency=None).still_holds(replace(CHECK, latency=None))
