import subprocess
import sys

import pytest

from monitor.adapters.grpc.environment import EventEngine, prepare


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"GRPC_EXPERIMENTS": "-event_engine_client"}),
        ({"GRPC_EXPERIMENTS": ""}, {"GRPC_EXPERIMENTS": "-event_engine_client"}),
        (
            {"GRPC_EXPERIMENTS": "call_v3"},
            {"GRPC_EXPERIMENTS": "call_v3,-event_engine_client"},
        ),
        (
            {"GRPC_EXPERIMENTS": "-event_engine_client"},
            {"GRPC_EXPERIMENTS": "-event_engine_client"},
        ),
    ],
)
def test_engine_off_joins_what_the_user_set(before: dict[str, str], after: dict[str, str]) -> None:
    prepare(EventEngine.OFF, before)
    assert before == after


def test_default_engine_touches_nothing() -> None:
    environment: dict[str, str] = {}
    prepare(EventEngine.DEFAULT, environment)
    assert environment == {}


def test_grpc_is_not_imported_by_preparing() -> None:
    code = "import sys, monitor.adapters.grpc.environment; sys.exit('grpc' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=20)


def test_streams_work_without_the_event_engine() -> None:
    code = (
        "from monitor.adapters.grpc.environment import EventEngine, prepare\n"
        "prepare(EventEngine.OFF)\n"
        "from monitor.adapters.grpc.choice import choose\n"
        "from monitor.adapters.grpc.settings import Reader\n"
        "assert choose(Reader.AUTO).reader is Reader.SEGREGATED\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=20)
