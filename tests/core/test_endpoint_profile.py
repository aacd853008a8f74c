"""What is known of an endpoint from a probe."""

import pytest

from monitor.core.endpoint_profile import EndpointProfile, ServerFamily


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
