"""Every reader of the bench runs against the replay server and measures what it says."""

from pathlib import Path

import pytest

from tests.bench import contest
from tests.bench.contest import SATURATED, Contender, Load, run_once
from tests.bench.ingest import BASELINES, OURS

pytestmark = pytest.mark.real_time

BARE = Contender("bare", "tests.bench.peers.bare")


@pytest.mark.parametrize("contender", [BASELINES[0], BARE], ids=lambda each: each.name)
def test_a_reader_counts_what_it_reads(contender: Contender) -> None:
    figures = run_once(contender, 0.2)
    assert figures.messages > 0
    assert figures.rss_mb > 1
    assert figures.delays_us == {}


def test_feeds_of_the_same_stream_are_joined_whole() -> None:
    joined = Contender("three", OURS[0].module, feeds=3)
    assert run_once(joined, 0.3).messages > 0


def test_the_daemon_closes_every_slot_while_it_is_measured() -> None:
    daemon_to_null = OURS[0]
    figures = run_once(daemon_to_null, 0.2)
    assert figures.messages > 0


def test_delays_of_a_paced_stream_are_taken_at_the_handler_and_after_the_write() -> None:
    daemon_to_file = next(each for each in OURS if "jsonl" in each.name)
    figures = run_once(daemon_to_file, 1.0, Load(rate=1_000.0))
    delays = figures.delays_us
    assert set(delays) == {
        f"{place}_{word}" for place in ("handler", "write") for word in ("p50", "p99", "max")
    }
    assert 0 < delays["handler_p50"] < delays["write_p50"]


def test_a_reader_that_hung_is_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(contest, "GRACE", 0.0)
    reader = Contender("sleeper", "tests.bench.hanging", arguments=("--mark", f"{tmp_path}/ran"))
    assert contest.run_until_ended(reader, 0.5, SATURATED).messages == 0
    assert "sleeper hung" in capsys.readouterr().err
