"""Which endpoints a drill may drain."""

from collections.abc import Mapping
from typing import Any

import pytest

from monitor.app.drill_plan import Plan, plan_of
from monitor.core.errors import DrillBroken
from tests.app.test_endpoints_view import well


def endpoint(name: str, **more: object) -> dict[str, Any]:
    """A hot one that does well, but for what is said."""
    return well() | {"endpoint": name, "open": True} | more


AMS, NYC, TYO = endpoint("ams"), endpoint("nyc"), endpoint("tyo")
CLOSED = {"open": False}


def refused(endpoints: list[dict[str, Any]], *names: str) -> str:
    with pytest.raises(DrillBroken) as failed:
        plan_of(endpoints, names)
    return str(failed.value)


def test_without_names_each_that_has_a_place_is_walked_over_in_their_order() -> None:
    assert plan_of([AMS, NYC, TYO], []) == Plan(("ams", "nyc", "tyo"))


def test_names_are_walked_over_in_the_order_in_which_they_are_given_and_once() -> None:
    assert plan_of([AMS, NYC, TYO], ["tyo", "ams", "tyo"]) == Plan(("tyo", "ams"))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (CLOSED, "the stream of nyc is closed"),
        ({"circuit": "half_open"}, "the stream of nyc is open, half_open circuit"),
        ({"needs_person": True}, "the stream of nyc is open, needs a person"),
        ({"drained": True, **CLOSED}, "nyc is drained"),
        ({"trust": 0.49}, "nyc is not trusted: 0.49"),
        ({"role": "warm"}, "nyc is warm and has no place to lose; promote it before"),
    ],
)
def test_one_that_is_unfit_is_left_out_and_refused_by_name(
    more: Mapping[str, object], why: str
) -> None:
    endpoints = [AMS, NYC | dict(more), TYO]
    assert plan_of(endpoints, []) == Plan(("ams", "tyo"), (why,))
    assert refused(endpoints, "ams", "nyc") == f"{why}; leave it out"


def test_a_warm_one_can_take_over() -> None:
    assert plan_of([AMS, endpoint("nyc", role="warm")], ["ams"]) == Plan(("ams",))


def test_a_name_that_is_none_is_refused_with_those_that_there_are() -> None:
    assert refused([AMS, NYC], "lon") == "there is no endpoint 'lon'; there are: ams, nyc"


def test_where_nobody_could_take_over_a_drill_is_refused() -> None:
    assert refused([AMS]) == "only ams is usable, so nobody could take over; a drill needs two"
    assert refused([AMS, NYC | CLOSED]) == (
        "only ams is usable (the stream of nyc is closed), "
        "so nobody could take over; a drill needs two"
    )
    assert refused([AMS | CLOSED]) == (
        "no endpoint is usable (the stream of ams is closed), "
        "so nobody could take over; a drill needs two"
    )
