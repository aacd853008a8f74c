"""What may be asked over the control socket, read by itself; test_control.py asks over a real one."""

import pytest
from starlette.exceptions import HTTPException

from monitor.adapters.http.control_questions import signed_off, wanted, wished
from monitor.core.wishes import Want


def test_a_sign_off_is_a_slot_and_a_reason_without_its_margins() -> None:
    assert signed_off(b'{"slot":7,"reason":" seen by hand "}') == (7, 7, "seen by hand")
    assert signed_off(b'{"slot":7,"last":9,"reason":"x"}') == (7, 9, "x")


@pytest.mark.parametrize("want", list(Want))
def test_a_wish_is_a_word(want: Want) -> None:
    assert wanted(want.value) is want


def test_another_word_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(HTTPException) as refused:
        wanted("kill")
    assert (refused.value.status_code, refused.value.detail) == (
        404,
        "nobody can 'kill' an endpoint; there are: drain, promote, release, probe",
    )


def test_an_endpoint_is_known_by_its_name() -> None:
    assert wished(Want.PROBE, b'{"endpoint":"nyc"}', ["ams", "nyc"]) == ("nyc", None)
    with pytest.raises(HTTPException) as refused:
        wished(Want.PROBE, b'{"endpoint":"ny"}', ["ams", "nyc"])
    assert refused.value.detail == "there is no endpoint 'ny'; there are: ams, nyc"


@pytest.mark.parametrize("body", [b"", b"[]", b'"nyc"', b"{}", b'{"endpoint":"nyc","force":1}'])
def test_a_question_of_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(HTTPException) as refused:
        wished(Want.DRAIN, body, ["nyc"])
    assert refused.value.status_code == 400


@pytest.mark.parametrize(("seconds", "lease"), [(b"7", 7.0), (b"0.5", 0.5), (b"null", None)])
@pytest.mark.parametrize("want", [Want.DRAIN, Want.PROMOTE])
def test_a_drain_and_a_promotion_may_say_for_how_long(
    want: Want, seconds: bytes, lease: float | None
) -> None:
    body = b'{"endpoint":"nyc","lease":%s}' % seconds
    assert wished(want, body, ["nyc"]) == ("nyc", lease)


@pytest.mark.parametrize(
    ("want", "lease"),
    [
        (Want.RELEASE, b"7"),
        (Want.PROBE, b"7"),
        (Want.DRAIN, b"0"),
        (Want.DRAIN, b"86401"),
        (Want.DRAIN, b'"7"'),
    ],
)
def test_nothing_else_is_asked_for_a_while_and_nothing_for_long(want: Want, lease: bytes) -> None:
    with pytest.raises(HTTPException) as refused:
        wished(want, b'{"endpoint":"nyc","lease":%s}' % lease, ["nyc"])
    assert refused.value.status_code == 400
