"""What endpoints say of themselves, as the log shows it."""

import pytest

from monitor.adapters.grpc.settings import GrpcSettings
from monitor.app.probing import report_versions, version_words
from monitor.core.commands import Report
from monitor.ports import Endpoint
from monitor.wire.pb import geyser_pb2
from tests.adapters.grpc.servers import endpoint, unused_port
from tests.adapters.grpc.test_probe import (
    Answer,
    answering,
    from_nine,
    mute,
    nothing,
    unknown,
    version,
)
from tests.runtime.fakes import Journal

PATIENCE = 15.0
VERSION = '{"version":{"package":"yellowstone-grpc-geyser","version":"15.1.2"},"extra":{}}'
IN_VAIN = "an endpoint was asked for its version in vain"


def told(_request: bytes, _context: object) -> bytes:
    return geyser_pb2.GetVersionResponse(version=VERSION).SerializeToString()


def never_stored(_request: bytes, _context: object) -> bytes:
    return geyser_pb2.SubscribeReplayInfoResponse(first_available=2**64 - 1).SerializeToString()


@pytest.mark.real_time
@pytest.mark.parametrize(
    ("replay", "first_available"),
    [(from_nine, 9), (nothing, None), (unknown, None), (never_stored, None)],
)
async def test_an_endpoint_that_answers_is_told_with_version_and_oldest_slot(
    replay: Answer, first_available: int | None
) -> None:
    journal = Journal()
    with answering(told, replay) as port:
        await report_versions([endpoint(port)], GrpcSettings(), journal)
    facts = {
        "endpoint": "ams",
        "version": "yellowstone-grpc-geyser 15.1.2",
        "first_available": first_available,
    }
    assert journal.reports == [Report("info", "an endpoint answered", facts)]


@pytest.mark.real_time
async def test_each_endpoint_has_its_line_and_a_mute_one_delays_no_other() -> None:
    journal = Journal()
    with answering(mute, nothing) as silent, answering(version, nothing) as closed:
        endpoints = [
            Endpoint("silent", f"http://127.0.0.1:{silent}"),
            Endpoint("closed", f"http://127.0.0.1:{closed}"),
            Endpoint("gone", f"http://127.0.0.1:{unused_port()}"),
        ]
        await report_versions(endpoints, GrpcSettings(), journal, 1.0)
    assert [report.sentence for report in journal.reports] == [IN_VAIN] * 3
    assert {report.facts["endpoint"]: report.facts["code"] for report in journal.reports} == {
        "silent": "DEADLINE_EXCEEDED",
        "closed": "UNAUTHENTICATED",
        "gone": "UNAVAILABLE",
    }
    assert journal.reports[-1].facts["endpoint"] == "silent"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (VERSION, "yellowstone-grpc-geyser 15.1.2"),
        ("5.0.1", "5.0.1"),
        ("richat 7", "richat 7"),
        ('{"version":"7"}', '{"version":"7"}'),
        ("[]", "[]"),
        ("{}", "{}"),
        ("", ""),
        ("v" * 101, "v" * 100),
        ('{"version":{"package":"p","version":"%s"}}' % ("1" * 200), "p " + "1" * 98),
    ],
)
def test_the_version_is_package_and_number_or_the_beginning_of_the_text(
    text: str, words: str
) -> None:
    assert version_words(text) == words
