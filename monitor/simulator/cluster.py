"""The simulated cluster: one chain behind N regions, JSON-RPC, the truth file and the door for faults.

How this works. Everything lives in one event loop, so nothing is locked: a ticking task moves each region's time on and
wakes its streams, and the servers carry what the regions then hold. In a program of its own the loop is the caller's
(`simulate`); tests may give it a thread (`start` and `stop`, or `with`).
"""

import time
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack
from math import inf
from types import TracebackType
from typing import Any, Final, Self

import anyio
import anyio.abc
from anyio.from_thread import BlockingPortal, start_blocking_portal

from monitor.core.chain import Commitment
from monitor.core.errors import FaultRefused, SimulatorFailed
from monitor.simulator.accounts import Accounts
from monitor.simulator.bodies import read_bodies
from monitor.simulator.chain import GeneratedChain
from monitor.simulator.chain_blocks import BlocksChain
from monitor.simulator.chain_faults import CHAIN_WORDS, ChainFaults
from monitor.simulator.control import Listener, listen_for_commands, serve_control
from monitor.simulator.far import serve_far
from monitor.simulator.model import Chain
from monitor.simulator.options import SimulateOptions, rpc_names
from monitor.simulator.region import Region
from monitor.simulator.rpc import HOST, listen_rpc, serve_rpc
from monitor.simulator.rpc_bodies import USUAL_FORM, BlockBodies
from monitor.simulator.rpc_faults import RpcFaults
from monitor.simulator.rpc_node import RpcNode
from monitor.simulator.server import RegionServer, ServerSettings
from monitor.simulator.timed_faults import ALL_REGIONS, Agenda
from monitor.simulator.truth import TruthFile
from monitor.simulator.view import ChainView, canonical

_TICK: Final = 0.005
"""Seconds at least between two looks at the regions: what falls due meanwhile goes out in one wake-up."""

_LONGEST_SLEEP: Final = 0.05
"""Seconds at most: requests that came meanwhile may have made something due."""


class Cluster:
    """All of a simulated cluster. Raises ConfigurationRefused for an unreadable file of blocks."""

    def __init__(self, options: SimulateOptions) -> None:
        self._options = options
        self.chain: Chain = (
            GeneratedChain(
                options.seed,
                options.chain_settings(),
                () if options.fill is None else read_bodies(options.fill),
            )
            if options.blocks is None
            else BlocksChain(options.blocks)
        )
        self._chain_faults = (
            ChainFaults(self.chain, self._slots_begun)
            if isinstance(self.chain, GeneratedChain)
            else None
        )
        self._regions: dict[str, Region] = {}
        self._servers: dict[str, RegionServer] = {}
        self._doors: dict[str, int] = {}
        """Ports of regions that are far away, in the place of their own."""
        self._nodes: dict[str, RpcNode] = {}
        self._views: list[ChainView] = []
        self._see_chain(0.0)
        self._bodies = BlockBodies(0)
        self._waiting = options.start_when > 0
        self._settled = self.chain.first_slot
        self._settle_at = -inf
        self._agenda = Agenda(options.faults)
        self._doors_open_at = inf
        """When the chain has its age."""
        self._thread = ExitStack()
        self._portal: BlockingPortal | None = None
        self.rpcs: dict[str, str] = {}
        """The URL of each JSON-RPC node, in order, once the cluster is up."""
        self.control = ""
        """host:port for commands, once the cluster is up."""

    @property
    def endpoints(self) -> dict[str, str]:
        """The URL of each region's Yellowstone server, in order."""
        return {name: self._endpoint(name) for name in self._servers}

    @property
    def rpc_url(self) -> str:
        """Of the first JSON-RPC node."""
        return next(iter(self.rpcs.values()), "")

    async def serve(
        self, *, task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        """Run until cancelled, on the asyncio backend; started when every door is open.

        Raises SimulatorFailed for a port or a truth file that cannot be had, FaultRefused for a bad control address.
        """
        options = self._options
        self._bodies = BlockBodies(options.rpc_blocks_kept + options.age)
        self._grow_old()
        started_at = inf if self._waiting else self._beginning()
        self._see_chain(started_at)
        async with AsyncExitStack() as stack:
            truth = _open_truth(options)
            if truth is not None:
                stack.callback(truth.close)
            for place, name in enumerate(options.regions):
                await self._open_region(place, name, started_at)
                stack.push_async_callback(self._servers[name].close)
            doors = {name: await self._open_door(name) for name in options.ways}
            for door in doors.values():
                await stack.enter_async_context(door)
            sockets = [stack.enter_context(listen_rpc(port)) for port in options.rpc_ports()]
            for name, node_socket in zip(rpc_names(options.rpcs), sockets, strict=True):
                self._nodes[name] = self._make_node(name, started_at)
                self.rpcs[name] = f"http://{HOST}:{node_socket.getsockname()[1]}"
            commands, self.control = await listen_for_commands(options.control)
            await stack.enter_async_context(commands)
            async with anyio.create_task_group() as tasks:
                for node, node_socket in zip(self._nodes.values(), sockets, strict=True):
                    tasks.start_soon(serve_rpc, node, node_socket, name=f"JSON-RPC {node.name}")
                tasks.start_soon(serve_control, commands, self, name="control")
                for name, door in doors.items():
                    way = options.ways[name]
                    tasks.start_soon(serve_far, door, self._servers[name].port, way, name=name)
                self._move_on(anyio.current_time(), truth)
                task_status.started()
                await self._tick(truth)

    async def apply(self, target: str, fault: str, argument: str | None) -> str:
        """Perform a fault of DESIGN 10 on a region, on all regions, on the chain, or on an RPC; returns what was done.

        Raises FaultRefused.
        """
        if target == ALL_REGIONS and fault in CHAIN_WORDS:
            return self._break_chain(fault, argument)
        if target == ALL_REGIONS:
            done = [await self.apply(name, fault, argument) for name in self._servers]
            if fault == "heal" and self._chain_faults is not None and self._chain_faults.active:
                done.append(self._break_chain(fault, argument))
            return "; ".join(done)
        try:
            if target in self._nodes:
                return self._nodes[target].apply(fault, argument)
            return await self._break_region(target, fault, argument)
        except (ValueError, SimulatorFailed) as refused:
            raise FaultRefused(str(refused)) from refused

    def status(self) -> list[dict[str, Any]]:
        """One object a region: what it is called, who listens to it, what is wrong with it."""
        tip = self._view.newest(Commitment.FINALIZED, anyio.current_time())
        chain_faults = () if self._chain_faults is None else self._chain_faults.active
        return [
            {
                "region": name,
                "endpoint": self._endpoint(name),
                "feeds": server.feeds,
                "faults": [*self._regions[name].faults.active, *chain_faults],
                "finalized_slot": None if tip is None else tip.slot,
            }
            for name, server in self._servers.items()
        ]

    def rpc_status(self) -> list[dict[str, Any]]:
        """One object an RPC: where it is, what it was asked, what is wrong with it."""
        return [
            {
                "rpc": name,
                "url": self.rpcs[name],
                "requests": node.faults.requests,
                "busiest_second": node.faults.busiest_second,
                "faults": node.faults.active,
            }
            for name, node in self._nodes.items()
        ]

    async def _break_region(self, name: str, fault: str, argument: str | None) -> str:
        server = self._servers.get(name)
        if server is None:
            there_are = ", ".join((*self._servers, *self._nodes))
            raise FaultRefused(f"there is no region nor RPC {name!r}; there are {there_are}")
        region = self._regions[name]
        region.advance(anyio.current_time())
        faults = region.faults
        text = faults.apply(fault, argument)
        await (server.close() if faults.killed else server.open())
        server.wake()
        return text

    def _break_chain(self, fault: str, argument: str | None) -> str:
        if self._chain_faults is None:
            raise FaultRefused(f"{fault} needs a made chain; these blocks come from a file")
        now = anyio.current_time()
        for region in self._regions.values():
            region.advance(now)
        try:
            text = self._chain_faults.apply(fault, argument)
        except ValueError as refused:
            raise FaultRefused(str(refused)) from refused
        for name, region in self._regions.items():
            region.resettle()
            self._servers[name].wake()
        return text

    def _slots_begun(self) -> float:
        return max((region.slots_begun for region in self._regions.values()), default=-inf)

    def _see_chain(self, started_at: float) -> None:
        self._view = ChainView(self.chain, self._options.slot_time, started_at)
        self._accounts = Accounts(self._view)

    def _make_node(self, name: str, started_at: float) -> RpcNode:
        view = ChainView(self.chain, self._options.slot_time, started_at)
        self._views.append(view)
        return RpcNode(
            view,
            self._accounts,
            self._bodies,
            RpcFaults(name, f"{self._options.seed}:{name}"),
            utc_offset=time.time() - anyio.current_time(),
        )

    async def _open_region(self, place: int, name: str, started_at: float) -> None:
        options = self._options
        region = Region(
            name,
            self.chain,
            options.region_settings(name),
            seed=options.seed + place,
            started_at=started_at,
            utc_offset=time.time() - anyio.current_time() + options.clocks.get(name, 0.0),
            portion=options.portion(place),
            heard_from=self.chain.first_slot + options.unheard(),
        )
        settings = ServerSettings(
            port=0 if name in options.ways else options.port_of(place),
            gzip=options.gzip,
            max_request_bytes=options.server.max_decoding_message_size,
            health=region.manners.has_health,
            least_ping_interval=options.least_ping_interval,
        )
        server = RegionServer(region, settings, anyio.current_time)
        self._regions[name], self._servers[name] = region, server
        await server.open()

    async def _open_door(self, name: str) -> Listener:
        """Where clients of a region come in that is far away. Raises SimulatorFailed."""
        port = self._options.port_of(self._options.regions.index(name))
        try:
            listener = await anyio.create_tcp_listener(local_host=HOST, local_port=port)
        except OSError as failed:
            raise SimulatorFailed(
                f"port {port} of {HOST} cannot be had ({failed}); choose others with --ports"
            ) from failed
        self._doors[name] = listener.extra(anyio.abc.SocketAttribute.local_port)
        return listener

    def _endpoint(self, name: str) -> str:
        door = self._doors.get(name)
        return self._servers[name].endpoint if door is None else f"http://{HOST}:{door}"

    async def _tick(self, truth: TruthFile | None) -> None:
        while True:
            now = anyio.current_time()
            if self._waiting and self._feeds() >= self._options.start_when:
                self._begin(self._beginning())
            await self._break(now)
            due = min(self._move_on(now, truth), now + _LONGEST_SLEEP)
            await anyio.sleep(max(due - anyio.current_time(), _TICK))

    async def _break(self, now: float) -> None:
        """Do what the scenario has for this moment."""
        begun = (now - self._doors_open_at) / self._options.slot_time
        for fault in self._agenda.due(begun):
            await self.apply(fault.target, fault.fault, fault.argument)

    def _move_on(self, now: float, truth: TruthFile | None) -> float:
        """Do what is due; returns when something is due again."""
        for name, region in self._regions.items():
            if region.next_due() <= now:
                region.advance(now)
                self._servers[name].wake()
        self._settle(truth, now)
        return min(region.next_due() for region in self._regions.values())

    def _grow_old(self) -> None:
        """Make the past of the chain, and what RPCs tell of it, before any clock runs."""
        first, end = self.chain.first_slot, self.chain.first_slot + self._options.age
        for number in range(first, min(end, self.chain.end_slot or end)):
            bank = canonical(self.chain.slot(number))
            if bank is not None:
                self._bodies.get(bank, USUAL_FORM)

    def _beginning(self) -> float:
        """When the first slot began, as the chain has its age now."""
        self._doors_open_at = anyio.current_time()
        return self._doors_open_at - self._options.age * self._options.slot_time

    def _feeds(self) -> int:
        return sum(server.feeds for server in self._servers.values())

    def _begin(self, started_at: float) -> None:
        self._waiting = False
        for view in (self._view, *self._views):
            view.begin(started_at)
        for region in self._regions.values():
            region.begin(started_at)

    def _settle(self, truth: TruthFile | None, now: float) -> None:
        """Blocks become history when the chain itself finalizes them, whatever the regions have said."""
        if now < self._settle_at:
            return
        self._settle_at = now + self._options.slot_time / 2
        root = self._view.newest(Commitment.FINALIZED, now)
        if root is None or root.slot < self._settled:
            return
        for number in range(self._settled, root.slot + 1):
            slot = self.chain.slot(number)
            bank = canonical(slot)
            if bank is not None:
                self._accounts.settle(bank)
            if truth is not None:
                truth.write(slot)
        self._settled = root.slot + 1

    def start(self) -> None:
        """Run in a thread of its own; returns when every door is open. Raises as `serve`."""
        portal = self._thread.enter_context(
            start_blocking_portal("asyncio", {"use_uvloop": True}, name="simulator")
        )
        try:
            running, _ = portal.start_task(self.serve, name="simulator")
        except BaseException:
            self._thread.close()
            raise
        self._thread.callback(running.cancel)
        self._portal = portal

    def stop(self) -> None:
        """Close every door and end the thread, within a second."""
        self._portal = None
        self._thread.close()

    def fault(self, target: str, fault: str, argument: str | None = None) -> str:
        """`apply`, from another thread, after `start`. Raises FaultRefused."""
        if self._portal is None:
            raise FaultRefused("the cluster does not run; start it first")
        return self._portal.call(self.apply, target, fault, argument)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Announced:
    """A task status that tells a function."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    def started(self, value: None = None) -> None:
        """Every door is open."""
        self._tell()


async def simulate(options: SimulateOptions, *, ready: Callable[[Cluster], None]) -> None:
    """Run a cluster until cancelled, on the asyncio backend; `ready` is called once, when every door is open.

    Raises as `Cluster` and `Cluster.serve`.
    """
    cluster = Cluster(options)
    await cluster.serve(task_status=_Announced(lambda: ready(cluster)))


def _open_truth(options: SimulateOptions) -> TruthFile | None:
    if options.truth is None:
        return None
    limit = options.truth_max_mb
    try:
        return TruthFile(options.truth, None if limit is None else limit * 1_000_000)
    except OSError as failed:
        raise SimulatorFailed(
            f"the truth cannot be written to {options.truth} ({failed.strerror}); "
            "name another file with --truth"
        ) from failed
