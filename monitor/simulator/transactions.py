"""Transactions of the simulated chain: outlines made at start, signed anew at each use, executed on a ledger."""

from array import array
from dataclasses import dataclass, field
from typing import Any, Literal

from monitor.simulator.base58 import base58
from monitor.simulator.chain_actors import TokenAccount
from monitor.simulator.ledger import Ledger
from monitor.simulator.signing import Signer

TxVersion = Literal["legacy", 0, 1]


@dataclass(frozen=True, slots=True)
class Instruction:
    """A call whose data is `prefix`, then the use's blob of number `blob` (if any), then `suffix`.

    `program` and `accounts` are indexes into static, loaded writable and loaded readonly keys together.
    """

    program: int
    accounts: bytes
    prefix: bytes = b""
    blob: int | None = None
    suffix: bytes = b""
    stack_height: int | None = None

    def content(self, blobs: tuple[bytes, ...]) -> bytes:
        """The instruction data of one use."""
        if self.blob is None:
            return self.prefix
        return self.prefix + blobs[self.blob] + self.suffix


@dataclass(frozen=True, slots=True)
class Lookup:
    """An address table and what a version-0 message takes from it."""

    table: bytes
    writable: bytes
    readonly: bytes


@dataclass(frozen=True, slots=True)
class Config:
    """What a version-1 message asks of the runtime."""

    priority_fee: int | None = None
    compute_unit_limit: int | None = None
    loaded_accounts_data_size_limit: int | None = None
    heap_size: int | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a transaction failed: the runtime's bincode, and the form of JSON-RPC."""

    bincode: bytes
    json: Any


@dataclass(frozen=True, slots=True)
class Movement:
    """Amount number `amount` of a use goes from one key (by index) to another."""

    source: int
    target: int
    amount: int = 0


@dataclass(frozen=True, eq=False)
class Outline:
    """All that does not change from one use to the next. A failed one moves nothing but its fee."""

    version: TxVersion
    signers: tuple[Signer, ...]
    header: tuple[int, int, int]
    """Required signatures, readonly signed, readonly unsigned."""
    keys: tuple[bytes, ...]
    """Static keys."""
    instructions: tuple[Instruction, ...]
    fee: int
    compute_units: int
    cost_units: int | None
    logs: tuple[str, ...] | None
    inner: tuple[tuple[int, tuple[Instruction, ...]], ...] | None = ()
    is_vote: bool = False
    lookups: tuple[Lookup, ...] = ()
    loaded_writable: tuple[bytes, ...] = ()
    loaded_readonly: tuple[bytes, ...] = ()
    config: Config | None = None
    failure: Failure | None = None
    return_data: tuple[bytes, bytes] | None = None
    """Program and bytes."""
    lamport_movements: tuple[Movement, ...] = ()
    token_movements: tuple[Movement, ...] = ()
    token_accounts: tuple[tuple[int, TokenAccount], ...] = ()
    """Token accounts among the keys, by index, ascending."""
    writes: tuple[int, ...] = (0,)
    """Keys whose accounts are written, by index."""
    program_accounts: tuple[tuple[int, bytes], ...] = ()
    """Accounts that keep a program's own state, by index, with that program."""
    all_keys: tuple[bytes, ...] = field(init=False)
    addresses: tuple[str, ...] = field(init=False)
    """Base58 of `all_keys`."""

    def __post_init__(self) -> None:
        keys = self.keys + self.loaded_writable + self.loaded_readonly
        object.__setattr__(self, "all_keys", keys)
        object.__setattr__(self, "addresses", tuple(base58(key) for key in keys))


@dataclass(frozen=True, slots=True)
class Signed:
    """One use of an outline: a message with its signatures. It may be executed in several banks."""

    outline: Outline
    recent_blockhash: bytes
    amounts: tuple[int, ...]
    contents: tuple[bytes, ...]
    """Data of each instruction."""
    inner_contents: tuple[tuple[bytes, ...], ...]
    signatures: tuple[bytes, ...]

    @property
    def is_vote(self) -> bool:
        """Whether it is a simple vote."""
        return self.outline.is_vote


@dataclass(frozen=True, slots=True)
class Executed:
    """A signed transaction at its place in a bank, with what it did."""

    signed: Signed
    index: int
    pre_balances: "array[int]"
    post_balances: "array[int]"
    pre_tokens: "array[int]"
    """Amounts, in the order of the outline's token accounts."""
    post_tokens: "array[int]"

    @property
    def signature(self) -> bytes:
        """The first signature."""
        return self.signed.signatures[0]

    @property
    def fee(self) -> int:
        """Lamports."""
        return self.signed.outline.fee


def execute(signed: Signed, index: int, ledger: Ledger) -> Executed:
    """Charge the fee to the first key, and move what the outline moves unless it fails."""
    outline = signed.outline
    keys = outline.all_keys
    lamports, tokens = ledger.lamports, ledger.tokens
    pre_balances = array("Q", [lamports[key] for key in keys])
    pre_tokens = array("Q", [tokens[account.address] for _, account in outline.token_accounts])
    lamports[keys[0]] -= outline.fee
    if outline.failure is None:
        for move in outline.lamport_movements:
            lamports[keys[move.source]] -= signed.amounts[move.amount]
            lamports[keys[move.target]] += signed.amounts[move.amount]
        for move in outline.token_movements:
            tokens[keys[move.source]] -= signed.amounts[move.amount]
            tokens[keys[move.target]] += signed.amounts[move.amount]
    return Executed(
        signed=signed,
        index=index,
        pre_balances=pre_balances,
        post_balances=array("Q", [lamports[key] for key in keys]),
        pre_tokens=pre_tokens,
        post_tokens=array("Q", [tokens[account.address] for _, account in outline.token_accounts]),
    )
