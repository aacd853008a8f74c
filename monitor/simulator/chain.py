"""The endless simulated chain: slot by slot from a seed, the same bytes every time."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import islice
from math import inf
from random import Random

from monitor.core.chain import Commitment
from monitor.simulator.bank import BankMaker, Blueprint, Fate, Tip
from monitor.simulator.base58 import key_bytes
from monitor.simulator.bodies import Bodies, Body, Borrowed
from monitor.simulator.chain_actors import derived, make_actors
from monitor.simulator.chain_settings import ChainSettings
from monitor.simulator.chain_settling import Hold, Settled, Settling
from monitor.simulator.chain_shape import Shape, ShapePlan
from monitor.simulator.ledger import Ledger
from monitor.simulator.messages import sign
from monitor.simulator.model import Bank, Slot
from monitor.simulator.outlines import make_outlines
from monitor.simulator.signing import Nonces
from monitor.simulator.sysvars import (
    CLOCK,
    HISTORY_BITS,
    SLOT_HASHES,
    SLOT_HASHES_KEPT,
    SLOT_HISTORY,
    clock,
    slot_hashes,
    slot_history,
)
from monitor.simulator.transactions import Outline, Signed
from monitor.simulator.votes import tower_sync, vote_outline

_RECENT_BLOCKHASHES = 8
"""How far back a transaction's recent blockhash may lie, in blocks."""
_FRESH_SLOTS = 160
"""How far back updates keep their message beside their bytes: what a server's replay buffer holds, and some more."""
_LEADER_SLOTS = 4
_KEPT_OF_LOST = 0.5
"""Share of a lost block's transactions (votes apart) that the next block takes over."""
_KEPT_OF_FIRST_BANK = 0.6
"""Share of the first bank's transactions that the second bank of its slot has too."""


class GeneratedChain:
    """A `Chain` without end. Slots are made in ascending order when they are first asked for.

    With `bodies` its transactions, as many as the settings say, votes included, are these in turn (see `bodies.py`).
    """

    def __init__(
        self, seed: int, settings: ChainSettings | None = None, bodies: Sequence[Body] = ()
    ) -> None:
        self.settings = settings or ChainSettings()
        self.first_slot = self.settings.first_slot
        self.end_slot: int | None = None
        self._seed = seed
        self._slots: dict[int, Slot] = {}
        self._next = self.first_slot
        self._shapes = ShapePlan(self.settings)
        self._actors = make_actors(seed, self.settings.votes)
        self._outlines = make_outlines(self._actors, Random(seed))
        self._vote_outlines = tuple(map(vote_outline, self._actors.validators))
        self._nonces = Nonces(seed)
        self._bodies = Bodies(bodies) if bodies else None
        self._ledger = Ledger()
        self._open_accounts()
        self._maker = BankMaker(self.settings.account_writes, self.settings.entries)
        self._tips = self._ancestors()
        self._history = sum(1 << tip.slot % HISTORY_BITS for tip in self._tips)
        self._serial = 0
        self._left_over: list[Signed | Borrowed] = []
        self._branch: Tip | None = None
        """The block that is being lost, while blocks are made on it."""
        self._settling = Settling(self.settings)
        self._window = self.settings.window
        self._silent_until = self.first_slot

    def slot(self, number: int) -> Slot:
        """The slot of this number. Raises KeyError below the window of `ChainSettings`.

        Far above the newest slot it takes long: every slot between is made.
        """
        while self._next <= number:
            self._slots[self._next] = self._make_slot(self._next)
            self._next += 1
            self._forget(self._next - 1 - self._window)
            self._thin(self._next - 1 - _FRESH_SLOTS)
        return self._slots[number]

    def go_wrong(self, settings: ChainSettings) -> None:
        """From the next slot on the shares of these settings hold: skipped, forked, dead, recreated."""
        self._shapes.expect(settings)

    def confirm_later(self, slots: float) -> None:
        """From the next slot on a block is confirmed so many slot times later than usual."""
        self._settling.slowness = slots

    def hold(self, level: Commitment, begun: float, until: float) -> None:
        """No block reaches the level, nor one above it, in this time: in slots since the first one began."""
        self._window = max(self._window, self.settings.window + int(until - begun))
        held = Hold(level, self.first_slot + begun, self.first_slot + until)
        self._settle_again(self._settling.hold(held))

    def end_holds(self, begun: float) -> None:
        """What is held comes now, and blocks are made again."""
        self._settle_again(self._settling.end_holds(self.first_slot + begun))
        self._silent_until = self._next
        self._shapes.halt(0)

    def held(self, begun: float) -> tuple[Commitment, float] | None:
        """The level that nothing reaches now, and when that ends, in slots since the first one began."""
        found = self._settling.held(self.first_slot + begun)
        return None if found is None else (found.level, found.until - self.first_slot)

    def halt(self, begun: float, until: float) -> None:
        """The cluster stands: no block is made meanwhile, and none settles that is there."""
        self.hold(Commitment.CONFIRMED, begun, until)
        self._silent_until = max(self._next, self.first_slot + int(until))
        self._shapes.halt(self._silent_until - self._next)

    def _settle_again(self, settled: Iterator[Settled]) -> None:
        for each in settled:
            slot = self._slots[each.slot]
            self._slots[each.slot] = replace(
                slot, confirmed_at=each.confirmed_at, finalized_at=each.finalized_at
            )

    def _forget(self, number: int) -> None:
        if self._slots.pop(number, None) is not None:
            self._settling.forget(number)

    def _thin(self, number: int) -> None:
        slot = self._slots.get(number)
        if slot is not None:
            for bank in slot.banks:
                for _, update in bank.updates:
                    update.thin()

    def _open_accounts(self) -> None:
        lamports, tokens = self._actors.balances()
        for address, amount in lamports:
            self._ledger.open(address, amount)
        for address, amount in tokens:
            self._ledger.open_token_account(address, amount)

    def _ancestors(self) -> deque[Tip]:
        """Blocks before the first slot, newest first: its parent, and what SlotHashes remembers."""
        settings = self.settings
        return deque(
            (
                Tip(
                    settings.first_slot - back,
                    derived(self._seed, f"ancestor {back}"),
                    settings.first_height - back,
                )
                for back in range(1, SLOT_HASHES_KEPT + 1)
            ),
            maxlen=SLOT_HASHES_KEPT,
        )

    def _make_slot(self, number: int) -> Slot:
        dice = Random(int.from_bytes(sha256(f"{self._seed}:{number}".encode()).digest()[:8]))
        shape = self._shapes.next(dice)
        if shape is not Shape.FORKED:
            self._branch = None
        banks = self._make_banks(number, shape, dice)
        created_at = banks[0].created_at if banks else 0.0
        shred_seen = bool(banks) or (dice.random() < 0.3 and number >= self._silent_until)
        confirmed_at = finalized_at = inf
        if banks and banks[-1].canonical:
            self._add_block(banks[-1])
            settled = self._settling.add(number, banks[-1].meta_at, dice)
            confirmed_at, finalized_at = settled.confirmed_at, settled.finalized_at
        return Slot(
            number=number,
            banks=banks,
            first_shred_at=max(0.0, created_at + dice.uniform(-0.02, 0.004))
            if shred_seen
            else None,
            confirmed_at=confirmed_at,
            finalized_at=finalized_at,
        )

    def _make_banks(self, number: int, shape: Shape, dice: Random) -> tuple[Bank, ...]:
        begins, ends = dice.uniform(0.005, 0.08), dice.uniform(0.97, 1.03)
        match shape:
            case Shape.SKIPPED:
                return ()
            case Shape.PLAIN:
                signed = self._fresh(number, dice, self._left_over)
                self._left_over = []
                return (self._make_bank(number, Fate.CANONICAL, signed, (begins, ends), dice),)
            case Shape.FORKED:
                signed = self._fresh(number, dice)
                ordinary = [one for one in signed if not one.is_vote]
                self._left_over = ordinary[: int(len(ordinary) * _KEPT_OF_LOST)]
                return (self._make_fork(number, signed, (begins, ends), dice),)
            case Shape.DEAD:
                signed = self._fresh(number, dice)
                return (self._make_bank(number, Fate.DEAD, signed, (begins, ends), dice),)
            case Shape.RECREATED:
                return self._recreate(number, begins, ends, dice)

    def _make_fork(
        self,
        number: int,
        signed: Sequence[Signed | Borrowed],
        span: tuple[float, float],
        dice: Random,
    ) -> Bank:
        """A block that is lost, on the block that was lost before it, if one was."""
        bank = self._make_bank(number, Fate.FORKED, signed, span, dice)
        height = (self._branch or self._tips[0]).height + 1
        self._branch = Tip(number, key_bytes(bank.blockhash), height)
        return bank

    def _recreate(self, number: int, begins: float, ends: float, dice: Random) -> tuple[Bank, ...]:
        """Two banks of one slot; the second has part of the first one's transactions, at other indexes."""
        first = self._fresh(number, dice)
        kept = dice.sample(first, int(len(first) * _KEPT_OF_FIRST_BANK))
        second = self._fresh(number, dice, kept)
        middle = begins + (ends - begins) * 0.45
        fate = dice.choice((Fate.FORKED, Fate.CUT))
        return (
            self._make_bank(number, fate, first, (begins, middle), dice),
            self._make_bank(number, Fate.CANONICAL, second, (middle + 0.03, ends), dice),
        )

    def _fresh(
        self, number: int, dice: Random, kept: Sequence[Signed | Borrowed] = ()
    ) -> list[Signed | Borrowed]:
        """A block's transactions in their order: those kept, and new ones up to the counts of the settings."""
        if self._bodies is not None:
            wanted = self.settings.votes + self.settings.transactions - len(kept)
            borrowed = [*kept, *self._bodies.take(wanted)]
            dice.shuffle(borrowed)
            return borrowed
        kept_votes = [one for one in kept if one.is_vote]
        votes = self.settings.votes - len(kept_votes)
        others = self.settings.transactions - (len(kept) - len(kept_votes))
        voted = {one.outline for one in kept_votes if isinstance(one, Signed)}
        signed = [*kept, *self._sign_votes(number, votes, voted, dice)]
        signed += self._sign_others(others, dice)
        dice.shuffle(signed)
        return signed

    def _sign_votes(
        self, number: int, count: int, voted: set[Outline], dice: Random
    ) -> list[Signed]:
        tip = self._tips[0]
        content = tower_sync(tip.slot, tip.blockhash, self._block_time(number), dice.randbytes(32))
        voters = [outline for outline in self._vote_outlines if outline not in voted]
        return [
            sign(outline, tip.blockhash, (), (content,), self._nonces)
            for outline in dice.sample(voters, count)
        ]

    def _sign_others(self, count: int, dice: Random) -> list[Signed]:
        hashes = [tip.blockhash for tip in islice(self._tips, _RECENT_BLOCKHASHES)]
        signed = []
        for outline in dice.choices(self._outlines, k=count):
            # The serial makes every message of an outline a new one, and so every signature.
            self._serial += 1
            amount = dice.randrange(1, 1000) * 1_000_000 + self._serial % 1_000_000
            amounts = (amount, amount * 3 // 2)
            blobs = tuple([value.to_bytes(8, "little") for value in amounts])
            signed.append(sign(outline, dice.choice(hashes), amounts, blobs, self._nonces))
        return signed

    def _make_bank(
        self,
        number: int,
        fate: Fate,
        signed: Sequence[Signed | Borrowed],
        span: tuple[float, float],
        dice: Random,
    ) -> Bank:
        validators = self._actors.validators
        begins, ends = span
        plan = Blueprint(
            slot=number,
            parent=self._branch or self._tips[0],
            fate=fate,
            transactions=signed,
            ledger=self._ledger if fate is Fate.CANONICAL else self._ledger.branch(),
            leader=validators[number // _LEADER_SLOTS % len(validators)],
            block_time=self._block_time(number),
            sysvars=self._sysvars(number),
            begins=begins,
            ends=ends,
        )
        return self._maker.make(plan, dice)

    def _block_time(self, number: int) -> int:
        settings = self.settings
        return settings.first_time + int((number - settings.first_slot) * settings.slot_time)

    def _sysvars(self, number: int) -> list[tuple[bytes, bytes]]:
        hashes = [(tip.slot, tip.blockhash) for tip in self._tips]
        bits = self._history | 1 << number % HISTORY_BITS
        return [
            (CLOCK, clock(number, self._block_time(number), self.settings.slot_time)),
            (SLOT_HASHES, slot_hashes(hashes)),
            (SLOT_HISTORY, slot_history(bits, number + 1)),
        ]

    def _add_block(self, bank: Bank) -> None:
        for number in range(self._tips[0].slot + 1, bank.slot):
            self._history &= ~(1 << number % HISTORY_BITS)
        self._history |= 1 << bank.slot % HISTORY_BITS
        height = self._tips[0].height + 1
        self._tips.appendleft(Tip(bank.slot, key_bytes(bank.blockhash), height))
