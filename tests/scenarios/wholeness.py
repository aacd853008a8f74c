"""What each region could bring of each slot, from the simulator's own notes and the streams that there were.

A region is steady over a slot when one stream to the daemon was open from before the slot's beginning until after its
end, as this region hears them, and no kill or mute fell in between. What it lost of the slot is in its record.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from monitor.core.chain import Kind
from monitor.simulator.losses import Loss
from monitor.simulator.model import Bank
from tests.scenarios.run import JITTER, REGIONS, START, Outcome
from tests.scenarios.storms import Episode, Storm

Identity = tuple[Kind, bytes]


@dataclass(frozen=True)
class Hearing:
    """One slot with a block on the chain: what there was to hear, and who could and who could not."""

    slot: int
    everything: frozenset[Identity]
    """Transactions by signature, account writes by pubkey and signature."""
    steady: frozenset[str]
    lost: dict[str, frozenset[Identity]]
    """By region, of `everything`."""
    twice: frozenset[Identity]
    """What another bank of the slot has too: a region may have lost it there alone."""

    def is_whole_together(self) -> bool:
        """Nothing is lost by all steady regions."""
        lost_by_all = self.everything.intersection(*(self.lost[name] for name in self.steady))
        return not lost_by_all

    def is_torn(self) -> bool:
        """Every steady region lost a transaction, so that none of them alone has the slot."""
        return all(
            any(kind is Kind.TRANSACTION for kind, _ in self.lost[name]) for name in self.steady
        )


def hearings(outcome: Outcome, storm: Storm, slot_time: float) -> Iterator[Hearing]:
    """One for each slot of interest that has a block on the chain."""
    lost = {name: by_slot(outcome.regions[name].faults.losses.latest) for name in REGIONS}
    for number in outcome.slots:
        banks = outcome.chain.slot(number).banks
        for bank in banks:
            if bank.canonical:
                everything = frozenset(identities(bank))
                others = {key for other in banks if other is not bank for key in identities(other)}
                begin = START + (number - outcome.slots.start) * slot_time
                ends = begin + bank.meta_at * slot_time
                yield Hearing(
                    number,
                    everything,
                    frozenset(
                        name
                        for name in REGIONS
                        if is_steady(outcome, storm, name, (begin, ends), slot_time)
                    ),
                    {name: _lost_of(everything, lost[name].get(number, [])) for name in REGIONS},
                    everything & others,
                )


def is_steady(
    outcome: Outcome, storm: Storm, region: str, span: tuple[float, float], slot_time: float
) -> bool:
    """`span`: when the slot begins and ends for its leader."""
    begins, ends = (moment + REGIONS[region] for moment in span)
    ends += JITTER
    troubles = [each for each in storm.episodes if each.region == region]
    for each in troubles:
        if each.name == "lag":
            ends = max(ends, _late_end(each, ends, slot_time))
    for each in troubles:
        at, healed_at = (START + moment * slot_time for moment in (each.at_slot, each.healed_at))
        if each.name in ("kill", "mute") and at <= ends and begins <= healed_at:
            return False
    return any(
        one.region == region and one.opened_at < begins and ends < one.ended_at
        for one in outcome.feeds.spans
    )


def by_slot(losses: Collection[Loss]) -> dict[int, list[Loss]]:
    """What was lost of each slot."""
    found: dict[int, list[Loss]] = {}
    for loss in losses:
        found.setdefault(loss.slot, []).append(loss)
    return found


def identities(bank: Bank) -> Iterator[Identity]:
    """Of the bank's transactions and account writes."""
    for _, update in bank.updates:
        message: Any = update.message
        if update.kind is Kind.TRANSACTION:
            yield update.kind, message.transaction.signature
        elif update.kind is Kind.ACCOUNT:
            yield update.kind, message.account.pubkey + message.account.txn_signature


def _lost_of(everything: frozenset[Identity], losses: Collection[Loss]) -> frozenset[Identity]:
    if any(loss.kind is None for loss in losses):
        return everything
    named = {(loss.kind, loss.identity) for loss in losses if loss.kind is not None}
    return everything & named


def _late_end(lag: Episode, ends: float, slot_time: float) -> float:
    """When a slot ends that a lag delays; what is overdue at its heal comes at once."""
    at, healed_at = (START + moment * slot_time for moment in (lag.at_slot, lag.healed_at))
    late = float(lag.argument or 0.0)
    if ends + late < at or healed_at < ends:
        return ends
    return min(ends + late, max(ends, healed_at))
