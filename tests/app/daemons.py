"""A whole daemon in this process, on a simulated cluster, for tests of the app."""

import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import anyio
import anyio.to_thread

from monitor.adapters.systemd.notify import Notifier
from monitor.app.configuration import Configuration
from monitor.app.lifecycle import Surroundings
from monitor.app.outset import MakeSink, set_out
from monitor.app.wiring import Daemon, assemble, make_sink
from monitor.ports import Blocks, Clock, Store
from monitor.runtime.driver import World
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.cluster import Cluster
from monitor.simulator.options import SimulateOptions
from monitor.simulator.region import RegionSettings
from tests.adapters.grpc.servers import unused_port
from tests.app.configurations import loaded
from tests.patience import PATIENCE
from tests.runtime.fakes import EvenDice, Journal, MemoryLedger, MemorySink, ScriptedFeeds

NOBODY = f"http://127.0.0.1:{unused_port()}"
"""Where nothing listens."""


def cluster(*regions: str) -> Cluster:
    """A small quick cluster on free ports, not yet started; it replays all, since a machine that stalls takes many slots."""
    options = SimulateOptions(
        regions=regions or ("ams",),
        slot_time=0.05,
        ports=0,
        control="127.0.0.1:0",
        chain=ChainSettings(votes=4, transactions=4, account_writes=12, entries=2),
        server=RegionSettings(replay_stored_slots=10_000),
    )
    return Cluster(options)


def configuration(
    directory: Path,
    endpoints: Mapping[str, str],
    *,
    sinks: str = "",
    api: str = "127.0.0.1:0",
    more: str = "",
) -> Configuration:
    """One monitor of everything that is no vote, at processed, into a file."""
    named = "".join(f'  - {{name: {name}, url: "{url}"}}\n' for name, url in endpoints.items())
    text = f"""\
endpoints:
{named}state_dir: state
ingest: {{reader: plain}}
commitment: {{strategy: fixed, level: processed}}
monitors:
  - {{name: all, transactions: {{vote: false}}, slots: {{}}}}
sinks:
  - {sinks or "{name: file, kind: jsonl, monitors: [all], path: events.jsonl}"}
api: {{listen: "{api}"}}
{more}"""
    return loaded(directory, text)


def surroundings(journal: Journal | None = None, make: MakeSink = make_sink) -> Surroundings:
    """No systemd, and a log that the test reads."""
    return Surroundings(journal or Journal(), Notifier(None), make)


async def until(what: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again until it holds."""
    with anyio.fail_after(PATIENCE):
        while not await what():  # noqa: ASYNC110 (what is waited for has no event: a file, a socket)
            await anyio.sleep(0.02)


async def get(url: str) -> tuple[int, str]:
    """Status and body of a URL."""
    return await anyio.to_thread.run_sync(_get, url)


def _get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


class StillClock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def now(self) -> float:
        return self.seconds

    def utc_ns(self, stamp_ns: int) -> int:
        return stamp_ns


def assembled(
    configuration: Configuration,
    *,
    make: MakeSink = lambda *_: MemorySink(),
    clock: Clock | None = None,
    reader: str = "plain",
    store: Store | None = None,
    blocks: Blocks | None = None,
) -> Daemon:
    """A daemon that does not run, with feeds that say nothing."""
    world = World(ScriptedFeeds(), clock or StillClock(), EvenDice(), Journal())
    outset = set_out(configuration, world, store or MemoryLedger(), make)
    return assemble(configuration, world, reader, outset, blocks)
