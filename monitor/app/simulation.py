"""`chain-monitor simulate`: its options, and a cluster in the foreground until a signal."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import anyio
import typer

from monitor.app.configuration_values import NAME
from monitor.app.memory import tame_collector
from monitor.core.errors import MonitorError
from monitor.simulator.cluster import Cluster, simulate
from monitor.simulator.options import SimulateOptions, rpc_names
from monitor.simulator.timed_faults import ALL_REGIONS

_PLAIN: Final = (
    "rpcs",
    "slot_time",
    "seed",
    "ports",
    "truth",
    "truth_max_mb",
    "blocks",
    "fill",
    "age",
    "start_when",
    "control",
    "token",
)
"""Options of the command line that have the name of what they set."""


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


def with_words(base: SimulateOptions, given: Mapping[str, Any]) -> SimulateOptions:
    """What the command line says, over what a scenario says. Raises typer.BadParameter."""
    rpcs = given.get("rpcs", base.rpcs)
    regions = region_names(given.get("regions", ",".join(base.regions)), rpcs)
    _check_faults(base, regions, rpcs)
    chain = {name: given[name] for name in ("votes", "transactions") if given.get(name) is not None}
    server = {}
    if given.get("replay_slots") is not None:
        server["replay_stored_slots"] = given["replay_slots"]
    if given.get("replay_rate") is not None:
        server["replay_rate"] = given["replay_rate"]
    return replace(
        base,
        **{name: given[name] for name in _PLAIN if name in given},
        regions=regions,
        ways={name: way for name, way in base.ways.items() if name in regions},
        chain=replace(base.chain, **chain),
        server=replace(base.server, **server),
    )


def _check_faults(base: SimulateOptions, regions: tuple[str, ...], rpcs: int) -> None:
    known = (*regions, *rpc_names(rpcs), ALL_REGIONS)
    for fault in base.faults:
        if fault.target not in known:
            raise typer.BadParameter(
                f"the scenario has a fault of {fault.target}; name it too, or leave this out",
                param_hint="regions",
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
