"""A good region beside every kind of bad endpoint, on real sockets: the stream goes on, and the log says what is wrong."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.core.circuit import FAILURES, FIRST_PAUSE, LONGEST_PAUSE, SPREAD
from tests.adapters.grpc.servers import unused_port
from tests.e2e.expected import Record, stream
from tests.e2e.logs import lines, numbers
from tests.e2e.processes import Daemon, cluster, daemon, until
from tests.e2e.strangers import (
    Stranger,
    garbage,
    grpc_without_geyser,
    http1,
    listening,
    sending,
)

pytestmark = pytest.mark.real_time

TOKEN = "a-secret-of-the-good-region"
WRONG = "a-secret-that-fits-nowhere"

CONFIGURATION = """\
state_dir: {dir}/state
endpoints:
ENDPOINTS
ingest: {max_message_mb: LIMIT}
monitors:
  - {name: all, transactions: {}}
sinks:
  - {name: file, kind: jsonl, monitors: [all], path: "{dir}/events.jsonl"}
api: {listen: "127.0.0.1:0"}
"""

BAD = {
    "wrong-token": ("auth", "UNAUTHENTICATED", "No valid auth token"),
    "no-token": ("auth", "UNAUTHENTICATED", "No valid auth token"),
    "closed": ("unreachable", "UNAVAILABLE", "Connection refused"),
    "http1": ("foreign", "UNAVAILABLE", "http1.x server"),
    "garbage": ("foreign", "UNAVAILABLE", "Failed parsing HTTP/2"),
    "silent": ("unreachable", "UNAVAILABLE", "failed to connect to all addresses"),
    "no-geyser": ("foreign", "UNIMPLEMENTED", "Method not found"),
    "oversized": ("too_large", "RESOURCE_EXHAUSTED", "Received message larger than max"),
}
"""By endpoint: the reason, the code, and a part of the text."""

STALLED = ("unreachable", "UNAVAILABLE")
"""What any try may come to on a machine that stalls while it connects."""

ONLY_A_PERSON_HELPS = {"auth", "foreign"}

each_bad_endpoint = pytest.mark.parametrize("name", BAD)


ANY_CONNECTION = ("http1", "garbage", "silent")
"""Strangers that count any connection, so the one that asks for the version too; others count Subscribe."""
IN_VAIN = "an endpoint was asked for its version in vain"
PLACES = {
    "an endpoint was chosen",
    "a free place was filled",
    "a failing endpoint was replaced",
    "a failing endpoint lost its place, and none took it at once",
}


@dataclass(frozen=True)
class Outcome:
    """What a daemon did among bad endpoints."""

    log: list[dict[str, Any]]
    raw_log: str
    metrics: str
    events: list[Record]
    met: dict[str, int]
    """How often each endpoint that counts was met."""
    code: int

    def endings(self, name: str) -> list[dict[str, Any]]:
        """The log's lines of one endpoint's ends, but for those of the stop."""
        ends = (line for line in self.log if line["event"] == "a feed ended")
        return [line for line in ends if line["endpoint"] == name]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    directory = tmp_path_factory.mktemp("bad")
    with ExitStack() as stack:
        strangers = {
            "http1": stack.enter_context(listening(http1)),
            "garbage": stack.enter_context(listening(garbage)),
            "silent": stack.enter_context(listening(None)),
            "no-geyser": stack.enter_context(grpc_without_geyser()),
            "oversized": stack.enter_context(sending(200_000)),
            "closed": Stranger(unused_port()),
        }
        options = ("--slot-time", "0.1", "--token", TOKEN)
        regions = stack.enter_context(cluster(directory, *options, regions="ams"))
        good = regions.addresses["ams"]
        endpoints = [("good", good, TOKEN), ("wrong-token", good, WRONG), ("no-token", good, "")]
        endpoints += [(name, stranger.url, "") for name, stranger in strangers.items()]
        running = stack.enter_context(daemon(directory / "daemon", _configured(endpoints)))
        until(lambda: _all_told(running))
        seen = len(running.events.read_bytes())
        until(lambda: len(running.events.read_bytes()) > seen + 100_000)
        metrics = running.get("/metrics")[1]
        code = running.stop()
        log = running.log()
        met = {name: stranger.met for name, stranger in strangers.items() if name != "closed"}
        yield Outcome(lines(log), log, metrics, stream(running.directory), met, code)


def _configured(endpoints: list[tuple[str, str, str]], limit_mb: str = "0.1") -> str:
    told = "\n".join(
        f'  - {{name: {name}, url: "{url}"' + (f', token: "{token}"}}' if token else "}")
        for name, url, token in endpoints
    )
    return CONFIGURATION.replace("ENDPOINTS", told).replace("LIMIT", limit_mb)


def _ends(running: Daemon) -> list[dict[str, Any]]:
    return [line for line in lines(running.log()) if line["event"] == "a feed ended"]


def _all_told(running: Daemon) -> bool:
    ended = {line["endpoint"] for line in _ends(running)}
    return set(BAD) <= ended and running.events.exists()


@each_bad_endpoint
def test_the_log_says_what_is_wrong_with_the_endpoint(outcome: Outcome, name: str) -> None:
    reason, code, text = BAD[name]
    endings = outcome.endings(name)
    told = [line for line in endings if (line["reason"], line["code"]) == (reason, code)]
    assert told
    assert {(line["reason"], line["code"]) for line in endings} <= {(reason, code), STALLED}
    assert any(text in line["text"] for line in told)
    assert all(line["retry_in"] > 0 for line in endings)
    assert {line["level"] for line in told} == {
        "error" if reason in ONLY_A_PERSON_HELPS else "warning"
    }


@each_bad_endpoint
def test_nothing_else_is_said_of_the_endpoint_but_its_version_and_its_place(
    outcome: Outcome, name: str
) -> None:
    told = [line["event"] for line in outcome.log if line.get("endpoint") == name]
    assert set(told) - PLACES == {"a feed ended", IN_VAIN}
    assert told.count(IN_VAIN) == 1


@each_bad_endpoint
def test_the_metric_counts_it_under_its_reason(outcome: Outcome, name: str) -> None:
    counts = numbers(outcome.metrics, "chain_monitor_endpoint_errors_total", endpoint=name)
    assert set(counts) <= {BAD[name][0], STALLED[0]}
    assert 1 <= counts[BAD[name][0]] <= len(outcome.endings(name))


@each_bad_endpoint
def test_tries_keep_the_back_off(outcome: Outcome, name: str) -> None:
    endings = outcome.endings(name)
    for failures, line in enumerate(endings, start=1):
        shortest, longest = 0.25, 0.25 * 2**failures
        if line["reason"] in ONLY_A_PERSON_HELPS:
            shortest, longest = 15.0, 30.0
        elif failures >= FAILURES:
            shortest, longest = FIRST_PAUSE, LONGEST_PAUSE * (1 + SPREAD)
        assert shortest <= line["retry_in"] <= longest
        assert line["circuit"] == ("open" if failures >= FAILURES else "closed")
    moments = [datetime.fromisoformat(line["timestamp"]).timestamp() for line in endings]
    assert moments[-1] - moments[0] >= 0.9 * sum(line["retry_in"] for line in endings[:-1])


def test_a_try_is_one_connection(outcome: Outcome) -> None:
    for name, met in outcome.met.items():
        endings = outcome.endings(name)
        asked = name in ANY_CONNECTION
        # The last may have been under way at the stop; to a server that says nothing the library itself tries again.
        assert name == "silent" or met - asked <= len(endings) + 1
        assert sum(line["reason"] == BAD[name][0] for line in endings) <= met


def test_the_good_region_goes_on(outcome: Outcome) -> None:
    assert {event["endpoint"] for event in outcome.events} == {"good"}
    ids = [event["id"] for event in outcome.events]
    assert len(ids) == len(set(ids))
    assert outcome.endings("good") == []
    slots = {event["slot"] for event in outcome.events}
    assert len(slots) > 10


def test_the_stop_is_clean(outcome: Outcome) -> None:
    assert outcome.code == 0
    assert outcome.log[-1]["event"] == "the daemon stopped"
    assert "Traceback" not in outcome.raw_log


def test_secrets_appear_nowhere(outcome: Outcome) -> None:
    for text in (outcome.raw_log, outcome.metrics):
        assert not re.search(f"{TOKEN}|{WRONG}", text)


def test_messages_all_over_the_limit_end_in_a_back_off(tmp_path: Path) -> None:
    """Every transaction is over the limit of 100 bytes; the only region is refused for ever, and nothing breaks."""
    with cluster(tmp_path, "--slot-time", "0.1", regions="ams") as regions:
        text = _configured([("ams", regions.addresses["ams"], "")], limit_mb="0.0001")
        with daemon(tmp_path / "daemon", text) as running:
            until(lambda: len(_ends(running)) >= 3)
            status, ready = running.get("/readyz")
            metrics = running.get("/metrics")[1]
            assert running.stop() == 0
    ends = _ends(running)
    assert {(line["reason"], line["code"]) for line in ends} == {
        ("too_large", "RESOURCE_EXHAUSTED")
    }
    for failures, line in enumerate(ends, start=1):
        assert 0.25 <= line["retry_in"] <= min(30.0, 0.25 * 2**failures)
    counts = numbers(metrics, "chain_monitor_endpoint_errors_total", endpoint="ams")
    assert set(counts) == {"too_large"}
    assert (status, "no feed has brought a whole slot yet" in ready) == (503, True)
