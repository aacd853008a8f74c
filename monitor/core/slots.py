"""One slot as several feeds tell it: which rows belong to which bank, and which bank to which block.

How this works. Until its BlockMeta a message belongs to (feed, bank): a server may create a bank, drop it,
and create another of the same number. So every (feed, bank) gets a bit, and a row's key maps to the bits of
the banks that held it; the first copy of a key is kept, later ones are duplicates. A BlockMeta ties its bank
to a blockhash. When a blockhash is known to be the confirmed one, the rows of its banks are the block.
The first banks of all feeds share one store, since they are nearly always the same block. A bank that a feed
begins anew, or that begins in a contested slot, keeps its own: the same transaction may have another outcome in it.

A bank *covers* its slot when CREATED_BANK came before it under our own hidden filter and BlockMeta after it,
on one unbroken connection (DESIGN 5, Coverage), or when it was replayed whole up to the fence. What all banks of a
block hold together, and whether that is all of it, is for `evidence` to say.
"""

from collections.abc import Iterator
from typing import Any

from monitor.core.banks import KINDS, Bank, Held, Meta, Store
from monitor.core.chain import Commitment, Kind
from monitor.core.chain_order import in_chain_order, last_in
from monitor.core.events import Row
from monitor.core.keys import account_of, identity
from monitor.core.rungs import Rung
from monitor.core.scope import EVERY_MONITOR
from monitor.core.signatures import told_apart
from monitor.core.told import Told
from monitor.core.voices import Voices


class SlotState:
    """All that is held of one slot number. Written by the join, the gate and the ledger alone."""

    __slots__ = (
        "accounts_out",
        "banks",
        "certified",
        "confirmed",
        "confirmed_at",
        "contested",
        "current",
        "dead",
        "dead_on",
        "evidence",
        "finalized",
        "finalized_at",
        "fresh_from",
        "gave_up",
        "given",
        "given_at_once",
        "is_doubted",
        "is_let_go",
        "is_placed",
        "metas",
        "missed",
        "number",
        "parent",
        "reconciled",
        "reconciled_at",
        "recovered_by",
        "released_level",
        "shared",
        "shed",
        "signatures",
        "statuses",
        "told",
        "told_by",
        "told_level",
        "untold",
        "voices",
    )

    def __init__(self, number: int) -> None:
        self.number = number
        self.told, self.shared = Told(), Store()
        self.banks: list[Bank] = []
        self.current: dict[int, Bank] = {}
        self.metas: dict[str, Meta] = {}
        self.contested = self.finalized = self.is_doubted = False
        self.dead: str | None = None
        self.parent: int | None = None
        self.statuses = self.fresh_from = 0
        """Bit per slot status whose event was given; where in the shared store the rows begin that came after the
        release at confirmed."""
        self.told_level = self.released_level = -1
        """Highest commitment that was told or inferred of this slot; at which it was released."""
        self.told_by, self.dead_on = set[int](), set[int]()
        """Feeds that told of a commitment before they named a blockhash; that told of its death."""
        self.voices: Voices | None = None  # None where one endpoint is enough
        self.confirmed: str | None = None
        """Blockhash of the block known to be confirmed."""
        self.confirmed_at = self.finalized_at = 0.0
        """When a block of it came to be known so; later ones wait for a confirmed one from then on."""
        self.evidence: Any = None
        """The last verdict on the confirmed block; None when something has changed since.

        Of a slot that is not contested every row counts from its arrival, so a BlockMeta of one feed more changes
        nothing about a block that was found whole."""
        self.certified: Any = None  # the last certificate of this slot
        self.missed, self.signatures = dict[int, int](), dict[str, bytes]()
        """By endpoint, the missed updates of this slot that were counted; by blockhash, of all transactions, as RPCs told."""
        self.recovered_by: Rung | None = None
        """Who last brought something for recovery."""
        self.reconciled_at: int | None = None
        """Slot of the state that was read of the watched accounts, in place of their writes."""
        self.reconciled = ""
        """In words, which state that is; or why there is none, after long asking."""
        self.is_let_go = self.shed = self.gave_up = self.is_placed = False
        """Frames let go of, since no level will ask for them; dropped for want of memory; handed on without them; two
        RPCs alone say that its block is the chain's, since the slot above is lost."""
        self.accounts_out: tuple[set[bytes], ...] = (set(), set(), set())
        """By level: pubkeys whose last write was handed on, and keys of writes that were to those who ask for all."""
        self.given: set[tuple[int, int, Any]] | None = None
        """(level, kind, identity) of rows that were handed on; kept where another bank may repeat them."""
        self.untold: list[tuple[Commitment, Commitment]] = []
        """(monitors' level, status) of `slot` events that wait for the BlockMeta."""
        self.given_at_once: list[set[Any]] | None = None
        """By kind: what is in the ids of the rows that came; None while a single bank brought all."""

    def open_bank(
        self, feed: int, endpoint: int, *, began_whole: bool, carries: int = EVERY_MONITOR
    ) -> Bank:
        """Begin a bank of this feed; a second one of the same feed makes the slot contested."""
        if feed in self.current:
            self.contest()
        store = Store() if self.contested else self.shared
        bank = Bank(1 << len(self.banks), feed, endpoint, store, began_whole, carries=carries)
        bank.era = sum(each.feed == feed for each in self.banks)
        self.banks.append(bank)
        self.current[feed] = bank
        return bank

    def tie(self, bank: Bank, meta: Meta) -> None:
        """The bank's BlockMeta came: its rows are this block's, and all of them are here."""
        if self.metas and meta.blockhash not in self.metas:
            self.contest()
        bank.blockhash = meta.blockhash
        bank.covers = bank.began_whole
        known = self.evidence
        if self.contested or known is None or not (known.is_settled and known.counts(bank.bit)):
            self.evidence = None
        self.metas.setdefault(meta.blockhash, meta)
        self.parent = meta.parent_slot if self.parent is None else self.parent

    def confirm(self, blockhash: str) -> None:
        """This is the block. What is held of another one is none of it."""
        if self.confirmed is not None or (self.metas and blockhash not in self.metas):
            self.contest()
        self.confirmed, self.evidence = blockhash, None

    def contest(self) -> None:
        """Feeds may speak of different blocks here: from now on what is handed on is kept, row by row."""
        if not self.contested:
            self.remember_given()
            self.contested = True

    def doubt(self) -> None:
        """Who is asked for recovery will tell whether rows of feeds that broke are the block's; until then they wait."""
        self.contest()
        self.is_doubted, self.evidence = True, None

    def is_told_by_one(self) -> bool:
        """Whether a single bank has brought all that monitors at processed had: it repeats no id."""
        return len(self.banks) == 1 and self.given_at_once is None

    def is_new_at_once(self, row: Row) -> bool:
        """Whether monitors at processed have not had an event of this row's id; they have it now.

        One bank alone repeats no id and need not ask; feeds may be in banks of different blocks.
        """
        given = (self.given_at_once or self.remember_at_once())[row[0]]
        name = identity(row[0], row[2])
        if name in given:
            return False
        given.add(name)
        return True

    def remember_at_once(self) -> list[set[Any]]:
        """By kind, what is in the ids of the rows that came; it is kept from now on."""
        if (given := self.given_at_once) is None:
            given = self.given_at_once = [set() for _ in range(KINDS)]
            for store in self._stores():
                for kind, table in enumerate(store.tables):
                    given[kind].update([identity(kind, key) for key in table])
        return given

    def is_named(self) -> bool:
        """Whether a status or a link says that the slot holds a block of the chain, known or not."""
        return self.told_level >= Commitment.CONFIRMED

    def sole_blockhash(self) -> str | None:
        """The one blockhash known of this slot; None while banks disagree or may."""
        if len(self.metas) == 1 and not self.contested:
            return next(iter(self.metas))
        return None

    def cover_bits(self, blockhash: str, unfenced: frozenset[int] = frozenset()) -> int:
        """Bits of the banks that cover this block, but for those of the endpoints given."""
        bits = 0
        for bank in self.banks:
            if bank.covers and bank.blockhash == blockhash and bank.endpoint not in unfenced:
                bits |= bank.bit
        return bits

    def replay_bits(self) -> int:
        """Bits of the banks that are whole by a replay alone."""
        return sum(bank.bit for bank in self.banks if bank.by_replay)

    def rpc_bits(self) -> int:
        """Bits of the banks that RPCs told."""
        return sum(bank.bit for bank in self.banks if bank.by_rpc)

    def bits_of(self, blockhash: str) -> tuple[int, int]:
        """Bits in the shared store: of banks tied to this block, and of those that broke before any BlockMeta.

        What RPCs told of the block may tell whose of these they are; then they are tied, or another block's.
        """
        tied, untied, _ = self._bits_of(blockhash)
        return tied, untied

    def holds_another(self, blockhash: str) -> bool:
        """Whether a bank that broke before any BlockMeta is known to be another one's than this block's."""
        return self._bits_of(blockhash)[2] != 0

    def _bits_of(self, blockhash: str) -> tuple[int, int, int]:
        tied = untied = 0
        for bank in self.banks:
            if bank.store is self.shared:
                if bank.blockhash == blockhash:
                    tied |= bank.bit
                elif bank.blockhash is None:
                    untied |= bank.bit
        if not untied or blockhash not in self.signatures:
            return tied, untied, 0
        own, other = told_apart(self.shared, untied, self.signatures[blockhash])
        return tied | own, untied & ~(own | other), other

    def own_parts(self, blockhash: str) -> list[tuple[Store, int]]:
        """Banks of this block with a store of their own."""
        return [
            (bank.store, bank.bit)
            for bank in self.banks
            if bank.store is not self.shared and bank.blockhash == blockhash
        ]

    def rows_of(self, parts: list[tuple[Store, int]], start: int = 0) -> list[Held]:
        """Held rows of a block but for accounts, in chain order; of the shared store from `start` on.

        Transactions, statuses, entries, block and meta follow each other; each kind by index.
        """
        if not self.contested and len(parts) == 1:
            return in_chain_order(self.shared.held[start:])  # every row here is the block's
        found: dict[Any, Held] = {}
        for store, bits in parts:
            held = store.held[start:] if store is self.shared else store.held
            for item in held:
                row = item[1]
                if store.tables[row[0]][row[2]] & bits:
                    found.setdefault((row[0], row[2]), item)
        return in_chain_order(found.values())

    def last_writes(self, parts: list[tuple[Store, int]], best: int) -> list[Held]:
        """The last write to each account in the block, by pubkey.

        As the bank of the lowest bit in `best` orders them, since versions of two nodes do not compare; what only
        others have is added.
        """
        chosen = best & -best
        found: dict[bytes, Held] = {}
        for store, bits in parts:
            for pubkey, write in last_in(store, bits & ~chosen).items():
                found.setdefault(pubkey, write)
        for store, bits in parts:
            found.update(last_in(store, bits & chosen))
        return self._as_told([found[pubkey] for pubkey in sorted(found)], parts)

    def all_writes(self, parts: list[tuple[Store, int]]) -> list[Held]:
        """Every held write of the block: by pubkey, then in order of arrival."""
        found: dict[bytes, Held] = {}
        for store, bits in parts:
            table = store.tables[Kind.ACCOUNT]
            for key, item in store.accounts.items():
                if table[key] & bits:
                    found.setdefault(key, item)
        return self._as_told([found[key] for key in sorted(found, key=account_of)], parts)

    def _as_told(self, writes: list[Held], parts: list[tuple[Store, int]]) -> list[Held]:
        """The same as banks of the block keep them, where some do: a first copy may be a replaced bank's, with its version."""
        own = [store.accounts for store, _ in parts if store is not self.shared]
        first = self.shared.accounts
        for at, held in enumerate(writes if own else ()):
            key = held[1][2]
            copy = next((accounts[key] for accounts in own if key in accounts), None)
            if copy is not None and first.get(key) is held:
                row = copy[1]
                writes[at] = (copy[0], (*row[:3], row[3] | held[1][3], *row[4:]))
        return writes

    def begin_anew(self) -> None:
        """Forget all banks and rows but what was handed on of them: the slot is told again from its first row on."""
        self.remember_given()
        self.remember_at_once()
        self.shared = Store()
        self.banks, self.current = [], {}
        self.evidence = None
        self.contested = self.is_doubted = self.shed = self.is_let_go = False
        self.fresh_from = self.told.era = 0

    def remember_given(self) -> None:
        """From now on keep what is handed on: the slot is released with rows that may not be the block's."""
        if self.given is None:
            self.given = self._given_so_far()

    def forget_given(self, level: int) -> None:
        """What was handed on at this level was taken back."""
        self.given = {each for each in self.given or () if each[0] != level}
        self.accounts_out[level].clear()
        self.fresh_from = 0

    def first_time(self, level: int, held: Held) -> bool:
        """Whether this level has not had a row of this id yet. Two stores, and two banks, may hold one each."""
        if self.given is None:
            return True
        kind, _, key = held[1][:3]
        row = (level, kind, identity(kind, key))
        if row in self.given:
            return False
        self.given.add(row)
        return True

    def held_bytes(self) -> int:
        """Bytes of the frames that wait here."""
        return sum(store.held_bytes for store in self._stores())

    def held_rows(self) -> int:
        """How many rows wait here."""
        return sum(len(store.held) + len(store.accounts) for store in self._stores())

    def rows_held(self) -> Iterator[Row]:
        """The rows that wait here."""
        for store in self._stores():
            for _, row in (*store.held, *store.accounts.values()):
                yield row

    def forget_rows(self) -> None:
        """Let go of frames that no level will ask for again."""
        for store in self._stores():
            store.forget_rows()
        self.fresh_from = 0
        self.is_let_go = True

    def check(self) -> None:
        """State what always holds; for tests."""
        assert len({bank.bit for bank in self.banks}) == len(self.banks)
        assert all(bank in self.banks for bank in self.current.values())
        for store in self._stores():
            assert all(row[2] in store.tables[row[0]] for _, row in store.held)
        assert not self.finalized or self.confirmed is not None
        assert self.released_level <= self.told_level

    def _given_so_far(self) -> set[tuple[int, int, Any]]:
        if self.confirmed is None:
            return set()
        tied, untied = self.bits_of(self.confirmed)
        fresh = {row[2] for _, row in self.shared.held[self.fresh_from :]}
        return {
            (level, kind, identity(kind, key))
            for level in range(1, self.released_level + 1)
            for kind, table in enumerate(self.shared.tables)
            for key, seen in table.items()
            if seen & (tied | untied) and key not in fresh
        }

    def _stores(self) -> Iterator[Store]:
        yield self.shared
        for bank in self.banks:
            if bank.store is not self.shared:
                yield bank.store
