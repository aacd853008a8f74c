"""The ladder of one daemon: its rungs by the configuration, and the RPCs behind two of them."""

import os
from collections import Counter
from collections.abc import Sequence
from typing import Final

from monitor.adapters.recovery.mapping import Mapper
from monitor.adapters.recovery.pool import RpcPool
from monitor.adapters.recovery.rpc import RpcEndpoint
from monitor.app.budget import budget_of
from monitor.app.configuration import Configuration
from monitor.core.jobs import Job
from monitor.core.monitors import DataSlice, Monitor
from monitor.core.repair import RecoveryPolicy
from monitor.core.rungs import Rung
from monitor.ports import Clock, Dice
from monitor.wire.rpc_accounts import AccountsReader

LEASES_AN_RPC: Final = 16
"""Slots that are asked of an RPC at a time, at most. More are no faster, and what presses cannot overtake what is leased."""
QUEUE_SECONDS: Final = 4.0
"""An RPC has no more leases than it can be asked for within this time. Guessed: what presses waits no longer."""
FEWEST_LEASES: Final = 2
"""One of them is kept for the frontier."""


def rungs_of(configuration: Configuration) -> tuple[Rung, ...]:
    """The rungs that can be asked for a slot; none when recovery is off. Other feeds are waited for, not asked."""
    if not configuration.recovery.enabled:
        return ()
    kinds = {rpc.archive for rpc in configuration.rpc}
    found = [Rung.REPLAY]
    found += [Rung.RPC] if False in kinds else []
    found += [Rung.ARCHIVE] if True in kinds else []
    return tuple(found)


def recovery_policy(configuration: Configuration, jobs: Sequence[Job]) -> RecoveryPolicy:
    """What the kernel needs to know; `jobs` are those of the process before."""
    recovery = configuration.recovery
    leases: Counter[Rung] = Counter()
    for rpc in configuration.rpc:
        leases[Rung.ARCHIVE if rpc.archive else Rung.RPC] += leases_of(rpc.requests_per_second)
    return RecoveryPolicy(
        rungs=rungs_of(configuration),
        workers={Rung.REPLAY: len(configuration.endpoints)}
        | {rung: min(recovery.batch_size, leases[rung]) for rung in (Rung.RPC, Rung.ARCHIVE)},
        attempts=recovery.max_retries,
        passes_lost=recovery.on_lost == "continue",
        reads_accounts=bool(configuration.rpc) and all_name_pubkeys(configuration.monitors),
        max_catchup=recovery.max_catchup_slots,
        on_exceeded=recovery.on_catchup_exceeded,
        jobs=tuple(jobs),
    )


def leases_of(requests_per_second: float) -> int:
    """Slots that are asked of such an RPC at a time."""
    return min(LEASES_AN_RPC, max(FEWEST_LEASES, round(QUEUE_SECONDS * requests_per_second)))


def make_pool(
    configuration: Configuration, slices: Sequence[DataSlice], clock: Clock, dice: Dice
) -> RpcPool | None:
    """The RPCs to ask; None where there is none. Belongs to one event loop, and is to be closed.

    `slices`: what servers cut account data to.
    """
    if not configuration.rpc:
        return None
    monitors = configuration.monitors
    return RpcPool(
        rpc_endpoints(configuration),
        Mapper(monitors, workers_of(configuration)),
        pubkeys_of(monitors),
        AccountsReader(monitors, slices),
        clock,
        dice,
        budget_of(configuration).answers,
    )


def rpc_endpoints(configuration: Configuration) -> list[RpcEndpoint]:
    """The RPCs, in the order of the configuration."""
    return [
        RpcEndpoint(rpc.name, rpc.url, rpc.requests_per_second, rpc.archive, rpc.headers)
        for rpc in configuration.rpc
    ]


def workers_of(configuration: Configuration) -> int:
    """Processes that read blocks of RPCs."""
    return configuration.recovery.workers or max(1, (os.cpu_count() or 1) // 2)


def pubkeys_of(monitors: Sequence[Monitor]) -> tuple[str, ...]:
    """The accounts that monitors name, each once: those whose state an RPC can tell."""
    named = (key for each in monitors if each.accounts is not None for key in each.accounts.account)
    return tuple(dict.fromkeys(named))


def all_name_pubkeys(monitors: Sequence[Monitor]) -> bool:
    """Whether there are monitors of accounts, and states of the named ones stand for all that they watch.

    Beside one that names none they would close slots whose other writes are lost.
    """
    filters = [monitor.accounts for monitor in monitors if monitor.accounts is not None]
    return bool(filters) and all(each.account for each in filters)
