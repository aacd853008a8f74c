"""What may be asked over the control socket, read by itself; test_control.py asks over a real one."""

import pytest
from starlette.exceptions import HTTPException

from monitor.adapters.http.control_questions import endpoint_named, signed_off, wanted
from monitor.core.wishes import Want


def test_a_sign_off_is_a_slot_and_a_reason_without_its_margins() -> None:
    assert signed_off(b'{"slot":7,"reason":" seen by hand "}') == (7, "seen by hand")


@pytest.mark.parametrize("want", list(Want))
def test_a_wish_is_a_word(want: Want) -> None:
    assert wanted(want.value) is want


def test_another_word_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(HTTPException) as refused:
        wanted("kill")
    assert (refused.value.status_code, refused.value.detail) == (
        404,
        "nobody can 'kill' an endpoint; there are: drain, promote, probe",
    )


def test_an_endpoint_is_known_by_its_name() -> None:
    assert endpoint_named(b'{"endpoint":"nyc"}', ["ams", "nyc"]) == "nyc"
    with pytest.raises(HTTPException) as refused:
        endpoint_named(b'{"endpoint":"ny"}', ["ams", "nyc"])
    assert refused.value.detail == "there is no endpoint 'ny'; there are: ams, nyc"


@pytest.mark.parametrize("body", [b"", b"[]", b'"nyc"', b"{}", b'{"endpoint":"nyc","force":1}'])
def test_a_question_of_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(HTTPException) as refused:
        endpoint_named(body, ["nyc"])
    assert refused.value.status_code == 400
