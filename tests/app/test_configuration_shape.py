import dataclasses
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.app.configuration import load
from monitor.app.configuration_shape import (
    ConfigurationShape,
    EndpointLimits,
    EndpointShape,
    RpcShape,
)
from monitor.core.errors import ConfigurationRefused
from monitor.ports import Endpoint

EXAMPLE = Path(__file__).resolve().parents[2] / "config" / "example.yaml"
TOKENS = {"AMS_TOKEN": "a-token", "NYC_TOKEN": "b-token"}


def test_an_endpoint_keeps_all_that_was_written() -> None:
    shape = EndpointShape(
        name="ams",
        url="https://grpc.example",
        region="europe",
        provider="one",
        priority=2,
        token="tell-nobody",
        ca_file="ca.pem",
        limits=EndpointLimits(streams=1, filters=2, pubkeys=3, cuckoo=True),
    )

    assert shape.endpoint(Path("/etc/x")) == Endpoint(
        name="ams",
        url="https://grpc.example",
        region="europe",
        provider="one",
        priority=2,
        token="tell-nobody",
        ca_file="/etc/x/ca.pem",
        max_streams=1,
        max_filters=2,
        max_pubkeys=3,
        cuckoo=True,
    )
    assert "tell-nobody" not in repr(shape) + repr(shape.endpoint(Path("/")))


def test_the_url_of_a_service_is_in_no_repr() -> None:
    assert "key" not in repr(RpcShape("main", "https://rpc.example/key"))


def test_the_example_shows_every_section() -> None:
    example = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))

    assert set(example) == {field.name for field in dataclasses.fields(ConfigurationShape)}


def places(value: Any, location: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [location, *(place for key, item in inner for place in places(item, (*location, key)))]


EVERYWHERE = places(yaml.safe_load(EXAMPLE.read_text(encoding="utf-8")))[1:]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(EVERYWHERE), value=ANYTHING)
def test_whatever_stands_anywhere_it_loads_or_is_refused_line_by_line(
    tmp_path: Path, place: tuple[str | int, ...], value: Any
) -> None:
    document = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    around = document
    for step in place[:-1]:
        around = around[step]
    around[place[-1]] = value
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    try:
        load(file, TOKENS)
    except ConfigurationRefused as refused:
        for line in str(refused).splitlines():
            assert line.startswith(f"{file}:")
            assert "; " in line
