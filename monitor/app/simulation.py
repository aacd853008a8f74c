"""`chain-monitor simulate`: its options, and a cluster in the foreground until a signal."""

import signal
from collections.abc import Callable

import anyio
import typer

from monitor.app.configuration_values import NAME
from monitor.app.memory import tame_collector
from monitor.core.errors import MonitorError
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.cluster import ALL_REGIONS, Cluster, simulate
from monitor.simulator.options import SimulateOptions, rpc_names
from monitor.simulator.region import RegionSettings


def region_names(listed: str, rpcs: int) -> tuple[str, ...]:
    """The names of a comma-separated list, beside so many RPCs. Raises typer.BadParameter."""
    names = tuple(name.strip() for name in listed.split(","))
    if len(set(names)) != len(names) or not all(NAME.fullmatch(name) for name in names):
        raise typer.BadParameter("names of regions must be words that differ", param_hint="regions")
    taken = {ALL_REGIONS, *rpc_names(rpcs)}.intersection(names)
    if taken:
        raise typer.BadParameter(
            f"{min(taken)} names something else; give the region another name",
            param_hint="regions",
        )
    return names


def chain_of(votes: int | None, transactions: int | None) -> ChainSettings:
    """The chain with blocks of this size; None: the usual."""
    usual = ChainSettings()
    return ChainSettings(
        votes=usual.votes if votes is None else votes,
        transactions=usual.transactions if transactions is None else transactions,
    )


def server_of(replay_slots: int | None) -> RegionSettings:
    """Regions that replay so many slots; None: the usual number."""
    return (
        RegionSettings()
        if replay_slots is None
        else RegionSettings(replay_stored_slots=replay_slots)
    )


def run_simulation(options: SimulateOptions, tell: Callable[[str], None]) -> int:
    """Serve until SIGINT or SIGTERM; `tell` gets the addresses, line by line. Returns the exit code.

    Raises as `simulate`.
    """
    anyio.run(_until_signal, options, tell, backend_options={"use_uvloop": True})
    return 0


async def _until_signal(options: SimulateOptions, tell: Callable[[str], None]) -> None:
    def ready(cluster: Cluster) -> None:
        tame_collector()  # an old chain is millions of objects: a full pass stops every region for seconds
        for name, url in cluster.endpoints.items():
            tell(f"{name}  {url}")
        for name, url in cluster.rpcs.items():
            tell(f"{name}  {url}")
        tell(f"control  {cluster.control}")

    failed: MonitorError | None = None
    async with anyio.create_task_group() as tasks:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:

            async def stop() -> None:
                async for _ in signals:
                    tasks.cancel_scope.cancel()

            tasks.start_soon(stop, name="signals")
            try:
                await simulate(options, ready=ready)
            except MonitorError as error:
                failed = error  # Raised inside the group, it would come out wrapped in one.
            tasks.cancel_scope.cancel()
    if failed is not None:
        raise failed
