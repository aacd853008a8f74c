"""A daemon with a long list asks its endpoints what they read, and sends each what it does."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from solders.pubkey import Pubkey

from monitor.adapters.grpc.settings import GrpcSettings, Reader
from monitor.app.configuration import Configuration
from monitor.app.lifecycle import running
from monitor.app.long_lists import has_long_list, with_sets
from monitor.core.chain import Kind
from monitor.core.monitors import AccountsFilter, Monitor, TransactionsFilter
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.cluster import Cluster
from monitor.simulator.families import Family
from monitor.simulator.options import SimulateOptions
from monitor.simulator.region import RegionSettings
from monitor.wire.watch_lists import LONG_LIST
from tests.adapters.grpc.servers import answering
from tests.app.configurations import loaded
from tests.app.daemons import NOBODY, surroundings, until
from tests.patience import PATIENCE
from tests.runtime.fakes import Journal

pytestmark = pytest.mark.real_time

SETTINGS = GrpcSettings(reader=Reader.PLAIN)
VOTE = "Vote111111111111111111111111111111111111111"
MANY = tuple(str(Pubkey.from_bytes(n.to_bytes(32, "big"))) for n in range(1, LONG_LIST + 1))
FACTS = "long lists of keys were sent as endpoints read them"


def configured(
    directory: Path, endpoints: dict[str, str], keys: int = LONG_LIST + 1
) -> Configuration:
    """Votes by the key that they all name, among as many keys."""
    named = "".join(f'  - {{name: {name}, url: "{url}"}}\n' for name, url in endpoints.items())
    listed = ", ".join((VOTE, *MANY)[:keys])
    return loaded(
        directory,
        f"""\
endpoints:
{named}state_dir: state
ingest: {{reader: plain}}
commitment: {{strategy: fixed, level: processed}}
monitors:
  - {{name: votes, transactions: {{account_include: [{listed}]}}}}
sinks:
  - {{name: file, kind: jsonl, monitors: [votes], path: events.jsonl}}
api: {{listen: "127.0.0.1:0"}}
""",
    )


def told(journal: Journal) -> dict[str, Any]:
    (facts,) = (report.facts for report in journal.reports if report.sentence == FACTS)
    return dict(facts)


async def test_each_endpoint_is_sent_what_it_reads_and_the_events_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(with_sets, "__defaults__", (PATIENCE,))  # a default is bound but once
    journal = Journal()
    options = SimulateOptions(
        regions=("new", "old"),
        families={"old": Family.OLDER},
        slot_time=0.05,
        ports=0,
        control="127.0.0.1:0",
        chain=ChainSettings(votes=5, transactions=2, account_writes=6, entries=1),
        server=RegionSettings(replay_stored_slots=10_000),
    )
    with Cluster(options) as simulated:
        watched = configured(tmp_path, simulated.endpoints)
        async with running(watched, surroundings(journal)) as daemon:

            async def flows() -> bool:
                return daemon.outboxes[0].written > 100

            await until(flows)
            driver = daemon.driver
            assert [endpoint.cuckoo for endpoint in daemon.configuration.endpoints] == [True, False]
            assert driver.check.disagreements == [0, 0]
            assert all(traffic.kinds[Kind.TRANSACTION] > 20 for traffic in driver.traffic)
    assert told(journal) == {"sets": ["new"], "lists": ["old"]}
    lines = (tmp_path / "events.jsonl").read_bytes().splitlines()
    records = [orjson.loads(line) for line in lines]
    assert len({record["id"] for record in records}) == len(records)
    votes = [record for record in records if record["kind"] == "transaction"]
    assert all(VOTE in record["accounts"] for record in votes)


async def test_nobody_is_asked_where_no_list_is_long(tmp_path: Path) -> None:
    journal = Journal()
    watched = configured(tmp_path, {"nobody": NOBODY}, LONG_LIST)

    assert await with_sets(watched, SETTINGS, journal) is watched
    assert journal.reports == []


async def test_an_endpoint_that_does_not_answer_in_time_gets_the_list(tmp_path: Path) -> None:
    journal = Journal()
    with answering(None) as port:
        endpoints = {"mute": f"http://127.0.0.1:{port}", "nobody": NOBODY}
        watched = configured(tmp_path, endpoints)

        found = await with_sets(watched, SETTINGS, journal, 0.3)

    assert not any(endpoint.cuckoo for endpoint in found.endpoints)
    assert [endpoint.name for endpoint in found.endpoints] == ["mute", "nobody"]
    assert told(journal) == {"sets": [], "lists": ["mute", "nobody"]}


@pytest.mark.parametrize(
    ("monitor", "is_long"),
    [
        (Monitor("m", accounts=AccountsFilter(account=(VOTE, *MANY))), True),
        (Monitor("m", transactions=TransactionsFilter(account_include=(VOTE, *MANY))), True),
        (Monitor("m", accounts=AccountsFilter(account=MANY)), False),
        (Monitor("m", accounts=AccountsFilter(owner=(VOTE, *MANY))), False),
        (
            Monitor("m", transactions_status=TransactionsFilter(account_include=(VOTE, *MANY))),
            False,
        ),
    ],
)
def test_what_may_go_out_as_a_set(monitor: Monitor, is_long: bool) -> None:
    assert has_long_list(monitor) == is_long
