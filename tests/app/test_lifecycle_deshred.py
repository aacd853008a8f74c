"""A daemon with deshred monitors on real sockets: what came early landed later, and a server without it is told of."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from monitor.app.lifecycle import running
from monitor.app.wishing import wished
from monitor.core.wishes import Want
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.cluster import Cluster
from monitor.simulator.families import Family
from monitor.simulator.options import SimulateOptions
from monitor.simulator.region import RegionSettings
from tests.app.configurations import loaded
from tests.app.daemons import get, surroundings, until
from tests.patience import PATIENCE
from tests.runtime.fakes import Journal

pytestmark = pytest.mark.real_time

ENOUGH = 25
"""Slots to see."""


def cluster(family: Family = Family.USUAL) -> Cluster:
    return Cluster(
        SimulateOptions(
            regions=("ams", "nyc"),
            slot_time=0.05,
            ports=0,
            control="127.0.0.1:0",
            chain=ChainSettings(votes=2, transactions=4, account_writes=6, entries=1),
            server=RegionSettings(family=family),
        )
    )


def configured(directory: Path, simulated: Cluster) -> Any:
    named = "".join(
        f'  - {{name: {name}, url: "{url}"}}\n' for name, url in simulated.endpoints.items()
    )
    return loaded(
        directory,
        f"""\
endpoints:
{named}state_dir: state
commitment: {{strategy: fixed, level: processed}}
monitors:
  - {{name: landed, transactions: {{vote: false}}}}
  - {{name: early, deshred: {{vote: false}}}}
sinks:
  - {{name: file, kind: jsonl, monitors: [landed, early], path: events.jsonl}}
api: {{listen: "127.0.0.1:0"}}
""",
    )


def records(directory: Path, kind: str) -> list[dict[str, Any]]:
    lines = (directory / "events.jsonl").read_bytes().splitlines()
    return [each for each in map(orjson.loads, lines) if each["kind"] == kind]


async def test_what_landed_came_early_once_and_from_either_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.core.deshred.SILENCE", PATIENCE)  # a stall is none
    with cluster() as simulated:
        async with running(configured(tmp_path, simulated), surroundings()):

            async def enough() -> bool:
                events = tmp_path / "events.jsonl"
                seen = records(tmp_path, "transaction") if events.exists() else []
                return len({each["slot"] for each in seen}) >= ENOUGH

            await until(enough)
            address = (tmp_path / "state" / "api.url").read_text().strip()
            _, metrics = await get(f"{address}/metrics")

    early = {each["signature"]: each for each in records(tmp_path, "deshred")}
    landed = records(tmp_path, "transaction")
    assert len(early) == len(records(tmp_path, "deshred"))
    assert {each["endpoint"] for each in early.values()} <= {"ams", "nyc"}
    begun = min(each["slot"] for each in early.values()) + 1
    watched = [each for each in landed if each["slot"] > begun]
    assert watched
    assert [each["signature"] for each in watched if each["signature"] not in early] == []
    for each in watched:
        told = early[each["signature"]]
        same = ("accounts", "instructions", "recent_blockhash", "signatures", "tx_version")
        assert [told[field] for field in same] == [each[field] for field in same]
    assert 'kind="deshred",monitor="early"' in metrics
    assert 'chain_monitor_messages_total{endpoint="nyc",kind="deshred"}' in metrics


async def test_servers_without_it_are_told_of_once_and_the_rest_is_watched(tmp_path: Path) -> None:
    journal = Journal()
    with cluster(Family.RICHAT) as simulated:
        async with running(configured(tmp_path, simulated), surroundings(journal)):

            async def flows() -> bool:
                events = tmp_path / "events.jsonl"
                return events.exists() and len(records(tmp_path, "transaction")) > 20

            await until(flows)

    sentences = journal.sentences()
    assert sentences.count("an endpoint had no deshred stream") == 2
    assert sentences.count("no endpoint had a deshred stream, so deshred got nothing") == 1
    assert records(tmp_path, "deshred") == []


async def test_a_drained_endpoint_has_no_deshred_stream_until_it_is_used_again(
    tmp_path: Path,
) -> None:
    journal = Journal()
    with cluster() as simulated:
        async with running(configured(tmp_path, simulated), surroundings(journal)) as daemon:

            async def opened(times: int) -> bool:
                return journal.sentences().count("a deshred feed opened") == times

            async def is_closed() -> bool:
                return "a deshred feed was closed with its endpoint" in journal.sentences()

            await until(lambda: opened(2))
            await wished(daemon, Want.DRAIN, "nyc")
            await until(is_closed)
            assert await opened(2)
            await wished(daemon, Want.PROMOTE, "nyc")
            await until(lambda: opened(3))
    assert [
        report.facts["endpoint"]
        for report in journal.reports
        if report.sentence == "a deshred feed was closed with its endpoint"
    ] == ["nyc"]
