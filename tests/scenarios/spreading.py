"""Monitors divided over the regions, each on two: what is watched, what regions were asked for, and what must come of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from monitor.core.failover import FailoverPolicy, Strategy
from monitor.core.monitors import (
    AccountsFilter,
    BlocksFilter,
    EntryFilter,
    Monitor,
    SlotsFilter,
    TransactionsFilter,
)
from monitor.core.wishes import Wish
from monitor.simulator.chain_settings import ChainSettings
from monitor.wire.pb import geyser_pb2
from monitor.wire.units import units_of
from tests.e2e.expected import Record, Wants, bare, expected
from tests.scenarios.handovers import CHAIN, DELAYS
from tests.scenarios.run import START, Fault, Outcome, Rpcs, watch
from tests.scenarios.test_stitched import busiest_accounts
from tests.scenarios.test_three_regions import CLOCK, TOKEN

NAMES: Final = ("all", "failed", "tokens", "vaults", "blocks", "chain")
"""The monitors; three of them take the same transactions."""
REGIONS: Final = tuple(DELAYS)
TEARS: Final = tuple(
    Fault(-0.5, region, fault, ratio)
    for region in REGIONS
    for fault, ratio in (("drop-tx", "0.1"), ("drop-account", "0.02"), ("duplicate", "0.05"))
)
TAIL: Final = 40
"""Slots after those of interest: until these are finalized."""


def monitors(accounts: Sequence[str]) -> tuple[Monitor, ...]:
    """Transactions three times over, accounts by name, blocks, and entries with slots."""
    return (
        Monitor("all", transactions=TransactionsFilter()),
        Monitor("failed", transactions=TransactionsFilter(failed=True)),
        Monitor("tokens", transactions=TransactionsFilter(vote=False, account_include=(TOKEN,))),
        Monitor("vaults", accounts=AccountsFilter(account=(*accounts, CLOCK))),
        Monitor("blocks", blocks=BlocksFilter()),
        Monitor("chain", entry=EntryFilter(), slots=SlotsFilter()),
    )


def wants(accounts: Sequence[str]) -> Mapping[str, Wants]:
    """The same, blocks left out, as functions over records of the truth."""
    return {
        "all": lambda r: r["kind"] == "transaction",
        "failed": lambda r: r["kind"] == "transaction" and r["failed"],
        "tokens": lambda r: (
            r["kind"] == "transaction" and not r["is_vote"] and TOKEN in r["accounts"]
        ),
        "vaults": lambda r: r["kind"] == "account" and r["pubkey"] in (*accounts, CLOCK),
        "chain": lambda r: r["kind"] in ("entry", "slot"),
    }


def policy(strategy: Strategy = Strategy.SPREAD) -> FailoverPolicy:
    """Three hot feeds, and monitors that can all go apart."""
    return FailoverPolicy(strategy, hot=3, units=units_of(monitors(())))


@dataclass(frozen=True)
class Scene:
    """A chain of so many slots, and what goes wrong on it."""

    seed: int
    slots: int
    faults: Sequence[Fault] = ()
    wishes: Sequence[tuple[float, Wish]] = ()
    strategy: Strategy = Strategy.SPREAD
    chain: ChainSettings = CHAIN
    is_torn: bool = False
    """Every region loses transactions and account writes, no two of them the same; blocks come without these."""


async def watch_spread(directory: Path, scene: Scene) -> Outcome:
    """The whole daemon on four regions; its output is held against the truth."""
    accounts = busiest_accounts(scene.seed)
    outcome = await watch(
        monitors(accounts),
        directory,
        slots=scene.slots,
        faults=[*scene.faults, *(TEARS if scene.is_torn else ())],
        wishes=scene.wishes,
        seed=scene.seed,
        slot_time=scene.chain.slot_time,
        chain_settings=scene.chain,
        delays=DELAYS,
        failover=policy(scene.strategy),
        rpcs=Rpcs(0),
        tail=TAIL,
        losses_apart=scene.is_torn,
    )
    events = [event for event in outcome.events if event["slot"] in outcome.slots]
    wanted = expected(outcome.truth, wants(accounts), outcome.slots)
    wanted |= {block["id"]: block for block in _blocks(outcome.truth, outcome.slots)}
    assert_whole(events, wanted, has_torn_blocks=scene.is_torn)
    coverage = outcome.kernel.coverage()
    assert coverage is not None
    assert coverage.complete == coverage.produced > 0
    return outcome


def assert_whole(
    events: Sequence[Record], wanted: Mapping[str, Record], *, has_torn_blocks: bool
) -> None:
    """The events are these, each once, field by field; torn blocks are held against them by their ids alone."""
    found = {event["id"]: _comparable(event) for event in events}
    assert [key for key, times in Counter(e["id"] for e in events).items() if times > 1] == []
    assert sorted(wanted.keys() - found.keys()) == []
    assert sorted(found.keys() - wanted.keys()) == []
    pairs = [(found[key], record) for key, record in wanted.items() if found[key] != record]
    assert [each for each in pairs if not (has_torn_blocks and each[1]["kind"] == "block")] == []


def _comparable(event: Record) -> Record:
    record = bare(event)
    if record["kind"] != "block":
        return record
    record["transactions"] = sorted(each["signature"] for each in record["transactions"])
    return {key: value for key, value in record.items() if key not in ("accounts", "entries")}


def _blocks(truth: Iterable[Record], slots: range) -> Iterator[Record]:
    """What a monitor of blocks gets: each block's meta, with its transactions in any order."""
    signatures: dict[int, list[str]] = {}
    for record in truth:
        if record["kind"] == "transaction":
            signatures.setdefault(record["slot"], []).append(record["signature"])
        elif record["kind"] == "block_meta" and record["slot"] in slots:
            identity = f"{record['slot']}:block:{record['blockhash']}"
            meta = bare({**record, "id": identity, "kind": "block", "monitors": ["blocks"]})
            yield meta | {"transactions": sorted(signatures[record["slot"]])}


def asked_of(request: bytes) -> frozenset[str]:
    """The monitors that a live request is for."""
    message = geyser_pb2.SubscribeRequest.FromString(request)
    fields = (message.transactions, message.accounts, message.blocks, message.entry)
    return frozenset(name for field in fields for name in field)


def carried_at(outcome: Outcome, moment: float) -> dict[str, frozenset[str]]:
    """By region, the monitors that its open stream was asked for last, at this moment."""
    carried: dict[str, frozenset[str]] = dict.fromkeys(outcome.regions, frozenset())
    for sent in outcome.feeds.log:
        if sent.at > moment:
            break
        message = geyser_pb2.SubscribeRequest.FromString(sent.request)
        if message.commitment == geyser_pb2.PROCESSED:
            carried[sent.region] = asked_of(sent.request)
    is_open = partial(_is_open, outcome, moment)
    return {name: asked if is_open(name) else frozenset() for name, asked in carried.items()}


def _is_open(outcome: Outcome, moment: float, region: str) -> bool:
    return any(
        span.region == region and span.opened_at <= moment < span.ended_at
        for span in outcome.feeds.spans
    )


def moment_of(outcome: Outcome, slot: float) -> float:
    """When this slot begins, counted from the first."""
    return START + slot * outcome.chain.settings.slot_time


def assert_divided(outcome: Outcome, slot: float) -> None:
    """At this slot, counted from the first, each monitor is asked of two regions, and nobody of all."""
    carried = carried_at(outcome, moment_of(outcome, slot))
    counts = Counter(name for names in carried.values() for name in names)
    assert counts == dict.fromkeys(NAMES, 2), carried
    assert max(map(len, carried.values())) < len(NAMES), carried
