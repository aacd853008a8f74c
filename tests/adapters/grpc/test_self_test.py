"""The test at the start must fail a reader that does not do what it should: here are readers of that kind."""

import threading

import grpc
import pytest
from typing_extensions import override

from monitor.adapters.grpc.channels import Metadata
from monitor.adapters.grpc.intake import Intake
from monitor.adapters.grpc.plain import PlainCall
from monitor.adapters.grpc.self_test import CallFactory, failure_of
from tests.patience import PATIENCE

pytestmark = pytest.mark.real_time


class Deaf(PlainCall):
    @override
    def send(self, request: bytes) -> None:
        """Sends nothing."""


class Forgetful(PlainCall):
    @override
    def run(self) -> tuple[str, str]:
        _, text = super().run()
        return "OK", text


class Mumbling(PlainCall):
    @override
    def run(self) -> tuple[str, str]:
        code, _ = super().run()
        return code, "something"


class Broken(PlainCall):
    @override
    def run(self) -> tuple[str, str]:
        raise AttributeError("operate")


def missing(
    channel: grpc.Channel, _metadata: Metadata, _request: bytes, _intake: Intake
) -> PlainCall:
    channel.close()
    raise AttributeError("segregated_call")


@pytest.mark.parametrize(
    ("reader", "failure"),
    [
        (Deaf, "a request sent while reading was not answered"),
        (Forgetful, "a cancelled stream ended with OK"),
        (Mumbling, "a refused stream ended with OUT_OF_RANGE something"),
        (Broken, "of three frames 0 came"),
        (missing, "AttributeError: segregated_call"),
    ],
)
def test_reader_that_falls_short_is_told_why(
    monkeypatch: pytest.MonkeyPatch, reader: CallFactory, failure: str
) -> None:
    monkeypatch.setattr("monitor.adapters.grpc.self_test.PATIENCE", 0.5)
    found = failure_of(reader, single_threaded=False)
    assert found is not None
    assert found.startswith(failure)


def test_nothing_is_left_behind() -> None:
    before = set(threading.enumerate())
    assert failure_of(PlainCall, single_threaded=False) is None
    left = set(threading.enumerate()) - before
    for thread in left:
        thread.join(PATIENCE)
    assert not [thread for thread in left if thread.is_alive()]
