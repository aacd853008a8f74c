"""All monitors in one request: what is asked of an endpoint, and what is left to be judged here (DESIGN 5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from monitor.core.chain import Commitment, Kind, SlotStatus
from monitor.core.errors import PlanRefused
from monitor.core.monitors import AccountsFilter, AccountState, DataSlice, Monitor
from monitor.wire import requests
from monitor.wire.names import NameTable, hidden_name
from monitor.wire.pb import geyser_pb2


class Limits(Protocol):
    """What a plan needs to know of an endpoint (`monitor.ports.Endpoint` has it; wire may not import ports)."""

    @property
    def name(self) -> str:
        """The endpoint's name, for the refusal."""

    @property
    def max_filters(self) -> int | None:
        """Most filters of one kind in a request; None: unknown, taken as unlimited."""

    @property
    def max_pubkeys(self) -> int | None:
        """Most keys in one list of a filter; None: unknown, taken as unlimited."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The compiled monitors for one endpoint. Bit i of every mask is monitor i of the configuration."""

    monitors: tuple[Monitor, ...]
    asked: tuple[Monitor, ...]
    """The same monitors, with the filters that the server is asked for."""
    judged: Mapping[Kind, int]
    """By kind, the monitors that must be judged here at release, because the server was asked for more."""
    slices: tuple[DataSlice, ...]
    """What the server cuts account data to."""
    level: Commitment

    @property
    def slices_on_server(self) -> bool:
        """Whether account data arrives cut already."""
        return bool(self.slices)

    def request(self, generation: int, from_slot: int | None = None) -> bytes:
        """The SubscribeRequest, always at processed: subscribe low, release high. Equal input, equal bytes."""
        message = geyser_pb2.SubscribeRequest(
            commitment=geyser_pb2.PROCESSED,
            from_slot=from_slot,
            accounts_data_slice=requests.data_slices(self.slices),
        )
        hidden = hidden_name(generation)
        message.slots[hidden].interslot_updates = True
        message.blocks_meta[hidden].SetInParent()
        for monitor in self.asked:
            name = monitor.name
            if monitor.transactions is not None:
                message.transactions[name].CopyFrom(requests.transactions(monitor.transactions))
            if monitor.transactions_status is not None:
                status = requests.transactions(monitor.transactions_status)
                message.transactions_status[name].CopyFrom(status)
            if monitor.accounts is not None:
                message.accounts[name].CopyFrom(requests.accounts(monitor.accounts))
            if monitor.blocks is not None:
                message.blocks[name].CopyFrom(requests.blocks(monitor.blocks))
            if monitor.entry is not None:
                message.entry[name].SetInParent()
        return message.SerializeToString(deterministic=True)

    def names(self, generation: int) -> NameTable:
        """A fresh table for one feed's updates."""
        del generation  # every `~g` is read as what it says
        masks = {monitor.name: 1 << bit for bit, monitor in enumerate(self.monitors)}
        return NameTable(
            masks,
            slot_masks=slot_masks(self.monitors, self.level),
            block_meta_mask=mask_of(self.monitors, Kind.BLOCK_META),
        )


def mask_of(monitors: Sequence[Monitor], kind: Kind) -> int:
    """The monitors that have a filter of this kind."""
    return sum(1 << bit for bit, monitor in enumerate(monitors) if monitor.wants(kind))


def level_of(monitor: Monitor, level: Commitment) -> Commitment:
    """The monitor's own level, or the daemon's."""
    return level if monitor.commitment is None else monitor.commitment


def slot_masks(monitors: Sequence[Monitor], level: Commitment) -> tuple[int, ...]:
    """By status, the monitors whose slots filter takes it (PROTOCOL 2.8)."""
    masks = [0] * len(SlotStatus)
    for bit, monitor in enumerate(monitors):
        wanted = monitor.slots
        if wanted is None:
            continue
        for status in SlotStatus:
            at_level = not wanted.filter_by_commitment or int(status) == level_of(monitor, level)
            if at_level and (wanted.interslot_updates or status <= SlotStatus.FINALIZED):
                masks[status] |= 1 << bit
    return tuple(masks)


def compile_plan(monitors: Sequence[Monitor], level: Commitment, endpoint: Limits) -> Plan:
    """The plan of these monitors for this endpoint; `level` is what a monitor without one of its own gets.

    Raises: PlanRefused when the endpoint's limits do not hold them.
    """
    asked = tuple(_asked(monitor, level) for monitor in monitors)
    late = 0
    for bit, (monitor, ask) in enumerate(zip(monitors, asked, strict=True)):
        if monitor.accounts != ask.accounts:
            late |= 1 << bit
    for monitor in monitors:
        if monitor.name.startswith("~"):
            raise PlanRefused(
                f"monitor {monitor.name}: names that begin with ~ are the daemon's own"
            )
    del endpoint
    return Plan(tuple(monitors), asked, {Kind.ACCOUNT: late} if late else {}, (), level)


def _asked(monitor: Monitor, level: Commitment) -> Monitor:
    """The monitor with its accounts filter widened to pubkeys alone where the last write is what counts."""
    wanted = monitor.accounts
    if wanted is None or monitor.every_write or level_of(monitor, level) == Commitment.PROCESSED:
        return monitor
    if not wanted.account and wanted.cuckoo_accounts_filter is None:
        return monitor
    by_pubkey = AccountsFilter(
        account=wanted.account,
        cuckoo_accounts_filter=wanted.cuckoo_accounts_filter,
        state=AccountState(),
    )
    return replace(monitor, accounts=by_pubkey)
