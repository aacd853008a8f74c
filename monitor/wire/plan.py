"""All monitors in one request: what is asked of an endpoint, and what is left to be judged here
(DESIGN 5).

Slots and blocks_meta filters of monitors are not sent. The hidden filters `~g` bring every status
and every block meta, so which monitors take one is known beforehand (`core.levels`,
`NameTable.block_meta_mask`).

At confirmed and finalized a monitor gets the last write of an account in a slot, and its filter is
judged on that write. So where it names accounts, it is asked by name alone and judged at release
(`Plan.judged`). Where it does not, all accounts of the chain would have to be asked for: it is sent
as it is, and the last write that *matched* stands for the last write (`Plan.last_matching`); they
differ only where the last write made the account stop matching. Where the level may change while
the daemon runs, monitors that follow it are asked for the same: at processed each of their writes is
judged at release.

More monitors of a kind than the endpoint allows filters share one superset filter. Its transactions
and account writes are judged when they are read, so that masks mean the same on every endpoint; its
blocks become one row a monitor and are trimmed at release. A long list of keys goes out as
`wire.watch_lists` says.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from monitor.core.chain import Commitment, Kind
from monitor.core.monitors import AccountsFilter, DataSlice, Monitor
from monitor.core.scope import EVERY_MONITOR, Scope
from monitor.wire import requests, superset
from monitor.wire.filters import LocalFilters
from monitor.wire.limits import AnyFilter, Limits, check_keys, check_name, refuse_filters
from monitor.wire.names import NameTable, hidden_name, superset_name
from monitor.wire.pb import geyser_pb2
from monitor.wire.slices import in_order
from monitor.wire.units import mask_of, statuses_ask_for_keys
from monitor.wire.watch_lists import Named, parts, whole_name

_WORDS: Final[dict[Kind, str]] = {
    Kind.TRANSACTION: "transactions",
    Kind.TRANSACTION_STATUS: "transactions_status",
    Kind.ACCOUNT: "accounts",
    Kind.BLOCK: "blocks",
    Kind.ENTRY: "entry",
}
"""The kinds asked for by filters of their own: the name of the field in Monitor and in
SubscribeRequest.
"""

_TOLD_BY_NAME: Final = (Kind.TRANSACTION, Kind.TRANSACTION_STATUS, Kind.ENTRY)
"""Kinds of which one update serves several monitors that may be on different feeds (`wire.units`)."""

_MESSAGES: Final[dict[Kind, Callable[[Any], Any]]] = {
    Kind.TRANSACTION: requests.transactions,
    Kind.TRANSACTION_STATUS: requests.transactions,
    Kind.ACCOUNT: requests.accounts,
    Kind.BLOCK: requests.blocks,
    Kind.ENTRY: requests.entry,
}

_SUPERSETS: Final[dict[Kind, Callable[[Any], AnyFilter]]] = {
    Kind.TRANSACTION: superset.transactions,
    Kind.TRANSACTION_STATUS: superset.transactions,
    Kind.ACCOUNT: superset.accounts,
    Kind.BLOCK: superset.blocks,
    Kind.ENTRY: lambda filters: filters[0],
}


@dataclass(frozen=True, slots=True)
class Plan:
    """The compiled monitors for one endpoint. Bit i of every mask is monitor i of the
    configuration.
    """

    monitors: tuple[Monitor, ...]
    asked: Mapping[Kind, tuple[tuple[str, AnyFilter], ...]]
    """By kind, the filters that are sent, with their names."""
    judged: Mapping[Kind, int]
    """By kind, the monitors that must be judged at release (accounts: LocalFilters.judge; blocks:
    trim_block).
    """
    last_matching: int
    """Monitors whose account events are the last write that matched, not the last write."""
    slices: tuple[DataSlice, ...]
    """What the server cuts account data to, the same for every endpoint; () when it sends them
    whole.
    """
    level: Commitment | None
    """Of monitors without one of their own; None: it may be any, and change."""
    arriving: LocalFilters
    """Judges what a name does not tell, by the filters as asked for each monitor."""

    @property
    def slices_on_server(self) -> bool:
        """Whether account data arrive cut already; else each monitor cuts with `slices.cut`."""
        return bool(self.slices)

    def request(
        self,
        generation: int,
        from_slot: int | None = None,
        commitment: Commitment = Commitment.PROCESSED,
        scope: Scope = Scope.EVERYTHING,
        carried: int = EVERY_MONITOR,
    ) -> bytes:
        """The SubscribeRequest. Equal input, equal bytes.

        Live streams ask at processed: subscribe low, release high. Those that replay for recovery
        ask at confirmed, where a server brings whole blocks of the chain alone. `carried`: the
        monitors that it is for; a superset filter goes out whole for any of its own.
        """
        message = geyser_pb2.SubscribeRequest(
            commitment=geyser_pb2.CommitmentLevel.ValueType(commitment),
            from_slot=from_slot,
            accounts_data_slice=requests.data_slices(self.slices),
        )
        hidden = hidden_name(generation)
        message.slots[hidden].interslot_updates = True
        if scope >= Scope.CHAIN:
            message.blocks_meta[hidden].SetInParent()
        asked = self.asked if scope is Scope.EVERYTHING else {}
        for kind, filters in asked.items():
            field = getattr(message, _WORDS[kind])
            for name, wanted in filters:
                if self._served(kind, name) & carried:
                    field[name].CopyFrom(_MESSAGES[kind](wanted))
        return message.SerializeToString(deterministic=True)

    def names(self, generation: int, carried: int = EVERY_MONITOR) -> NameTable:
        """A fresh table for one feed that was sent `request(generation)` for these monitors."""
        masks = {monitor.name: 1 << bit for bit, monitor in enumerate(self.monitors)}
        masks[superset_name(Kind.ENTRY)] = mask_of(self.monitors, Kind.ENTRY)
        for filters in self.asked.values():
            for name, _ in filters:
                whole = masks.get(whole_name(name))
                if whole is not None:
                    masks.setdefault(name, whole)
        blocks = tuple(
            (1 << bit, monitor.name)
            for bit, monitor in enumerate(self.monitors)
            if monitor.blocks is not None
        )
        table = NameTable(generation, masks, self._judge_arriving)
        table.serve(mask_of(self.monitors, Kind.BLOCK_META), blocks)
        table.ask(generation, self.left_out(carried))
        return table

    def left_out(self, carried: int) -> Mapping[int, int]:
        """By kind, the monitors that may want an update which a feed brings for others: those that it
        does not carry.
        """
        wanting = {kind: mask_of(self.monitors, kind) & ~carried for kind in _TOLD_BY_NAME}
        return {kind: monitors for kind, monitors in wanting.items() if monitors}

    def _served(self, kind: Kind, name: str) -> int:
        """The monitors that the filter of this name is sent for."""
        shared = superset_name(kind)
        of = whole_name(name)
        if of == shared:
            return mask_of(self.monitors, kind)
        owners = {name, of, of.removeprefix(f"{shared}.")}
        return sum(1 << bit for bit, each in enumerate(self.monitors) if each.name in owners)

    def _judge_arriving(self, kind: int, frame: bytes) -> int:
        everyone = (1 << len(self.monitors)) - 1
        # Only slots filters ask for the level, and the gate looks at no mask of theirs.
        return self.arriving.judge(kind, frame, everyone, self.level or Commitment.PROCESSED)


def compile_plan(monitors: Sequence[Monitor], level: Commitment | None, endpoint: Limits) -> Plan:
    """The plan of these monitors for this endpoint; `level` is what a monitor without one of its
    own has. None: it may be any, and change, and the plan stays.

    Raises: PlanRefused when the endpoint's limits do not hold them.
    """
    for monitor in monitors:
        check_name(monitor.name, endpoint)
    widened = tuple(_by_account_alone(monitor, level) for monitor in monitors)
    on_last_write = last_matching = 0
    for position, (monitor, ask) in enumerate(zip(monitors, widened, strict=True)):
        if monitor.accounts != ask.accounts:
            on_last_write |= 1 << position
        elif _has_unnamed_criteria(monitor, level):
            last_matching |= 1 << position
    slices = _server_slices(monitors, on_last_write)
    reads_cut_data = bool(slices) and any(map(_reads_data, monitors))
    asked = {
        kind: _filters(
            kind,
            widened,
            endpoint,
            has_cuckoo=bool(endpoint.cuckoo) and not (kind == Kind.ACCOUNT and reads_cut_data),
        )
        for kind in _WORDS
    }
    judged = {}
    if on_last_write:
        judged[Kind.ACCOUNT] = on_last_write
    if _is_superset(asked[Kind.BLOCK]):
        judged[Kind.BLOCK] = mask_of(monitors, Kind.BLOCK)
    if reads_cut_data and _is_superset(asked[Kind.ACCOUNT]):
        names = [monitor.name for monitor in monitors if monitor.accounts is not None]
        why = (
            "they cannot share one, because they judge data that data_slices cut: leave slices out"
        )
        raise refuse_filters("accounts", names, endpoint, why)
    return Plan(
        monitors=tuple(monitors),
        asked={kind: filters for kind, filters in asked.items() if filters},
        judged=judged,
        last_matching=last_matching,
        slices=slices,
        level=level,
        arriving=LocalFilters(widened),
    )


def level_of(monitor: Monitor, level: Commitment | None) -> Commitment | None:
    """The monitor's own level, or the daemon's."""
    return level if monitor.commitment is None else monitor.commitment


def _filters(
    kind: Kind, monitors: Sequence[Monitor], endpoint: Limits, *, has_cuckoo: bool
) -> tuple[Named, ...]:
    """One filter a monitor while the endpoint allows as many, else one superset for all."""
    word = _WORDS[kind]
    filters: list[Named] = [
        (monitor.name, getattr(monitor, word)) for monitor in monitors if monitor.wants(kind)
    ]
    found = _split(kind, filters, endpoint, has_cuckoo=has_cuckoo)
    for name, wanted in found:
        check_keys(wanted, word, [whole_name(name)], endpoint)
    if endpoint.max_filters is None or len(found) <= endpoint.max_filters:
        return found
    names = [name for name, _ in filters]
    if endpoint.max_filters < 1:
        raise refuse_filters(word, names, endpoint, "use an endpoint that allows at least one")
    if kind == Kind.TRANSACTION_STATUS and statuses_ask_for_keys(monitors):
        raise refuse_filters(
            word,
            names,
            endpoint,
            "they cannot share one, because a status names no accounts to tell them apart by:"
            " use transactions, or fewer monitors",
        )
    joined: Named = (superset_name(kind), _SUPERSETS[kind]([wanted for _, wanted in filters]))
    found = _split(kind, [joined], endpoint, has_cuckoo=has_cuckoo)
    if len(found) > endpoint.max_filters:
        check_keys(joined[1], word, names, endpoint)
    for _, wanted in found:
        check_keys(wanted, word, names, endpoint)
    return found


def _split(
    kind: Kind, filters: Sequence[Named], endpoint: Limits, *, has_cuckoo: bool
) -> tuple[Named, ...]:
    return tuple(
        part
        for name, wanted in filters
        for part in parts(kind, name, wanted, endpoint, has_cuckoo=has_cuckoo)
    )


def _is_superset(filters: Sequence[tuple[str, AnyFilter]]) -> bool:
    return any(name.startswith("~") for name, _ in filters)


def _gets_last_writes(monitor: Monitor, level: Commitment | None) -> bool:
    """At some level that it may have."""
    return (
        monitor.accounts is not None
        and not monitor.every_write
        and level_of(monitor, level) != Commitment.PROCESSED
    )


def _by_account_alone(monitor: Monitor, level: Commitment | None) -> Monitor:
    """The monitor with its accounts filter widened to the accounts it names, where the last write
    counts.
    """
    wanted = monitor.accounts
    if wanted is None or not _gets_last_writes(monitor, level) or not _names_accounts(wanted):
        return monitor
    by_account = AccountsFilter(
        account=wanted.account, cuckoo_accounts_filter=wanted.cuckoo_accounts_filter
    )
    return replace(monitor, accounts=by_account)


def _names_accounts(wanted: AccountsFilter) -> bool:
    return bool(wanted.account) or wanted.cuckoo_accounts_filter is not None


def _has_unnamed_criteria(monitor: Monitor, level: Commitment | None) -> bool:
    wanted = monitor.accounts
    return (
        wanted is not None
        and _gets_last_writes(monitor, level)
        and not _names_accounts(wanted)
        and wanted != AccountsFilter()
    )


def _reads_data(monitor: Monitor) -> bool:
    """Whether judging the monitor's accounts filter needs whole data."""
    if monitor.accounts is None:
        return False
    state = monitor.accounts.state
    return bool(state.memcmp or state.datasize is not None or state.token_account_state)


def _server_slices(monitors: Sequence[Monitor], on_last_write: int) -> tuple[DataSlice, ...]:
    """The one list that all monitors of account data have, if the server may cut by it; else ().

    It may not where a filter on data is judged at release. The endpoint has no say: data cut by one
    server and not by another would give an unsigned write two keys.
    """
    lists = set()
    for position, monitor in enumerate(monitors):
        if monitor.accounts is not None or (monitor.blocks and monitor.blocks.include_accounts):
            lists.add(monitor.data_slices)
        if on_last_write >> position & 1 and _reads_data(monitor):
            return ()
    if len(lists) != 1:
        return ()
    (common,) = lists
    return common if in_order(common) else ()
