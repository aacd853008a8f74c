"""Which endpoints are sent cuckoo sets: asked before the start, where a monitor has so long a list.

What the configuration says of an endpoint counts. One that does not answer in time gets the list itself, which is
right everywhere.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import anyio

from monitor.adapters.grpc.probe import probe
from monitor.adapters.grpc.settings import GrpcSettings
from monitor.app.configuration import Configuration
from monitor.core.commands import Report
from monitor.core.monitors import Monitor
from monitor.ports import Endpoint, Reporter
from monitor.wire.set_readers import reads_sets
from monitor.wire.watch_lists import LONG_LIST

PATIENCE: Final = 2.0
"""Seconds by which the start may be later for it. Guessed."""


async def with_sets(
    configuration: Configuration,
    settings: GrpcSettings,
    reporter: Reporter,
    seconds: float = PATIENCE,
) -> Configuration:
    """The configuration with `cuckoo` said of each endpoint that a set could be sent to."""
    if not any(map(has_long_list, configuration.monitors)):
        return configuration
    found = {endpoint.name: endpoint for endpoint in configuration.endpoints}

    async def ask(endpoint: Endpoint) -> None:
        version = (await probe(endpoint, settings, seconds)).version
        reads = isinstance(version, str) and reads_sets(version)
        found[endpoint.name] = replace(endpoint, cuckoo=reads)

    with anyio.move_on_after(seconds):
        async with anyio.create_task_group() as tasks:
            for endpoint in configuration.endpoints:
                if endpoint.cuckoo is None:
                    tasks.start_soon(ask, endpoint, name=f"version of {endpoint.name}")
    _tell(list(found.values()), reporter)
    return replace(configuration, endpoints=tuple(found.values()))


def has_long_list(monitor: Monitor) -> bool:
    """Whether the monitor has a list that may go out as a set."""
    accounts, transactions = monitor.accounts, monitor.transactions
    return (accounts is not None and len(accounts.account) > LONG_LIST) or (
        transactions is not None and len(transactions.account_include) > LONG_LIST
    )


def _tell(endpoints: Sequence[Endpoint], reporter: Reporter) -> None:
    facts = {
        "sets": [endpoint.name for endpoint in endpoints if endpoint.cuckoo],
        "lists": [endpoint.name for endpoint in endpoints if not endpoint.cuckoo],
    }
    reporter.report(Report("info", "long lists of keys were sent as endpoints read them", facts))
