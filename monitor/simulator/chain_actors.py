"""Who acts on the simulated chain: validators, users, mints and pools, all made from the seed."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from monitor.simulator.base58 import base58, key_bytes
from monitor.simulator.signing import Signer

SYSTEM_PROGRAM: Final = bytes(32)
VOTE_PROGRAM: Final = key_bytes("Vote111111111111111111111111111111111111111")
TOKEN_PROGRAM: Final = key_bytes("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
COMPUTE_BUDGET_PROGRAM: Final = key_bytes("ComputeBudget111111111111111111111111111111")
MEMO_PROGRAM: Final = key_bytes("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
SYSVAR_OWNER: Final = key_bytes("Sysvar1111111111111111111111111111111111111")

TOKEN_ACCOUNT_LAMPORTS: Final = 2_039_280
_USER_LAMPORTS: Final = 10**15
_TOKEN_AMOUNT: Final = 10**16
_VOTE_ACCOUNT_LAMPORTS: Final = 27_074_400
_NO_COPTION: Final = bytes(36)


def derived(seed: int, name: str) -> bytes:
    """32 bytes that follow from the seed and a name."""
    return sha256(f"{seed}:{name}".encode()).digest()


@dataclass(frozen=True, slots=True)
class Validator:
    """One that votes and leads."""

    identity: Signer
    vote_account: bytes


@dataclass(frozen=True, slots=True)
class Mint:
    """A token."""

    address: bytes
    text: str
    decimals: int


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """An account of the token program, 165 bytes: mint, owner, amount, then what no movement changes."""

    address: bytes
    mint: Mint
    owner: bytes
    owner_text: str

    def content(self, amount: int) -> bytes:
        """The account's data when it holds `amount`: no delegate, initialised, not native, no close authority."""
        head = self.mint.address + self.owner + amount.to_bytes(8, "little")
        return head + _NO_COPTION + b"\x01" + bytes(12) + bytes(8) + _NO_COPTION


@dataclass(frozen=True, slots=True)
class User:
    """One that pays and trades, with a token account of each mint."""

    signer: Signer
    wallets: tuple[TokenAccount, ...]


@dataclass(frozen=True, slots=True)
class Pool:
    """A market of two mints: its state account, its vaults, and the lookup table that names them."""

    address: bytes
    authority: bytes
    vaults: tuple[TokenAccount, TokenAccount]
    lookup_table: bytes


@dataclass(frozen=True, slots=True)
class Actors:
    """All of them, and the program that runs the pools."""

    validators: tuple[Validator, ...]
    users: tuple[User, ...]
    mints: tuple[Mint, ...]
    pools: tuple[Pool, ...]
    swap_program: bytes

    def balances(self) -> tuple[list[tuple[bytes, int]], list[tuple[bytes, int]]]:
        """First lamports by address, and first amounts by token account."""
        lamports = [
            (program, 1) for program in (SYSTEM_PROGRAM, VOTE_PROGRAM, COMPUTE_BUDGET_PROGRAM)
        ]
        lamports += [
            (TOKEN_PROGRAM, 934_087_680),
            (MEMO_PROGRAM, 521_498_880),
            (self.swap_program, 1_141_440),
        ]
        for validator in self.validators:
            lamports.append((validator.identity.key, _USER_LAMPORTS))
            lamports.append((validator.vote_account, _VOTE_ACCOUNT_LAMPORTS))
        lamports += [(mint.address, 1_461_600) for mint in self.mints]
        tokens = []
        for user in self.users:
            lamports.append((user.signer.key, _USER_LAMPORTS))
            tokens += [(wallet.address, _TOKEN_AMOUNT) for wallet in user.wallets]
        for pool in self.pools:
            lamports += [(pool.address, 6_124_800), (pool.authority, 890_880)]
            tokens += [(vault.address, 100 * _TOKEN_AMOUNT) for vault in pool.vaults]
        return lamports, tokens


def make_actors(seed: int, votes: int) -> Actors:
    """The same actors for the same seed; at least `votes` validators."""
    mints = tuple(_mint(seed, number, decimals) for number, decimals in enumerate((6, 9, 5, 0)))
    return Actors(
        validators=tuple(_validator(seed, number) for number in range(max(8, votes + votes // 4))),
        users=tuple(_user(seed, number, mints) for number in range(24)),
        mints=mints,
        pools=tuple(_pool(seed, number, mints) for number in range(5)),
        swap_program=derived(seed, "swap program"),
    )


def _mint(seed: int, number: int, decimals: int) -> Mint:
    address = derived(seed, f"mint {number}")
    return Mint(address, base58(address), decimals)


def _validator(seed: int, number: int) -> Validator:
    identity = Signer(derived(seed, f"identity {number}"))
    return Validator(identity, derived(seed, f"vote account {number}"))


def _token_account(seed: int, name: str, mint: Mint, owner: bytes) -> TokenAccount:
    return TokenAccount(derived(seed, name), mint, owner, base58(owner))


def _user(seed: int, number: int, mints: tuple[Mint, ...]) -> User:
    signer = Signer(derived(seed, f"user {number}"))
    wallets = [
        _token_account(seed, f"wallet {number} {order}", mint, signer.key)
        for order, mint in enumerate(mints)
    ]
    return User(signer, tuple(wallets))


def _pool(seed: int, number: int, mints: tuple[Mint, ...]) -> Pool:
    authority = derived(seed, f"pool authority {number}")
    first, second = mints[number % len(mints)], mints[(number + 1) % len(mints)]
    return Pool(
        address=derived(seed, f"pool {number}"),
        authority=authority,
        vaults=(
            _token_account(seed, f"vault {number} 0", first, authority),
            _token_account(seed, f"vault {number} 1", second, authority),
        ),
        lookup_table=derived(seed, f"lookup table {number}"),
    )
