"""Refusals read as gRPC statuses."""

from monitor.simulator.refused import Refused


def test_refusal_tells_code_and_text() -> None:
    refused = Refused("OUT_OF_RANGE", "too old")
    assert (refused.code, refused.text, str(refused)) == (
        "OUT_OF_RANGE",
        "too old",
        "OUT_OF_RANGE: too old",
    )
