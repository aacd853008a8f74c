"""`chain-monitor simulate`: a cluster in the foreground until a signal."""

import signal
from collections.abc import Callable

import anyio

from monitor.core.errors import MonitorError
from monitor.simulator.cluster import Cluster, simulate
from monitor.simulator.options import SimulateOptions


def run_simulation(options: SimulateOptions, tell: Callable[[str], None]) -> int:
    """Serve until SIGINT or SIGTERM; `tell` gets the addresses, line by line. Returns the exit code.

    Raises as `simulate`.
    """
    anyio.run(_until_signal, options, tell, backend_options={"use_uvloop": True})
    return 0


async def _until_signal(options: SimulateOptions, tell: Callable[[str], None]) -> None:
    def ready(cluster: Cluster) -> None:
        for name, url in cluster.endpoints.items():
            tell(f"{name}  {url}")
        tell(f"rpc  {cluster.rpc_url}")
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
