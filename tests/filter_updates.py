"""Updates, small and known, that the filter cases are about."""

from collections.abc import Iterable, Sequence

from solders.pubkey import Pubkey
from solders.signature import Signature

from monitor.core.monitors import Cuckoo, Monitor
from monitor.wire.pb import geyser_pb2, solana_storage_pb2

FilterCase = tuple[str, Monitor, geyser_pb2.SubscribeUpdate, bool | geyser_pb2.SubscribeUpdate]

SLOT = 300_000_000
ZERO, A, B, C, D, X, Y = (bytes([value]) * 32 for value in (0, 1, 2, 3, 4, 8, 9))
FIRST, SECOND = (bytes([value]) * 64 for value in (5, 6))

HOLDS_ZERO = Cuckoo(b"\x02\xb4" + bytes(6), 0x796C6C7773746E21)
"""One bucket with fingerprint 0xb402, that of 32 zero bytes under the default seed (PROTOCOL 4.6)."""
HOLDS_NOTHING = Cuckoo(b"", 0x796C6C7773746E21)

Balance = tuple[int, str, str]
"""(account_index, owner, amount)."""


def text(key: bytes) -> str:
    return str(Pubkey(key)) if len(key) == 32 else str(Signature(key))


def transaction_info(
    *,
    keys: Sequence[bytes] = (A,),
    writable: Sequence[bytes] = (),
    readonly: Sequence[bytes] = (),
    vote: bool = False,
    failed: bool = False,
    signature: bytes = FIRST,
    before: Iterable[Balance] = (),
    after: Iterable[Balance] = (),
) -> geyser_pb2.SubscribeUpdateTransactionInfo:
    info = geyser_pb2.SubscribeUpdateTransactionInfo(signature=signature, is_vote=vote, index=3)
    info.transaction.signatures.append(signature)
    info.transaction.message.account_keys.extend(keys)
    info.meta.fee = 5000
    info.meta.loaded_writable_addresses.extend(writable)
    info.meta.loaded_readonly_addresses.extend(readonly)
    if failed:
        info.meta.err.err = b"\x08\0\0\0"
    info.meta.pre_token_balances.extend(map(token_balance, before))
    info.meta.post_token_balances.extend(map(token_balance, after))
    return info


def token_balance(balance: Balance) -> solana_storage_pb2.TokenBalance:
    index, owner, amount = balance
    return solana_storage_pb2.TokenBalance(
        account_index=index,
        mint=text(D),
        owner=owner,
        ui_token_amount=solana_storage_pb2.UiTokenAmount(amount=amount),
    )


def transaction(
    info: geyser_pb2.SubscribeUpdateTransactionInfo | None = None,
) -> geyser_pb2.SubscribeUpdate:
    made = transaction_info() if info is None else info
    return geyser_pb2.SubscribeUpdate(
        transaction=geyser_pb2.SubscribeUpdateTransaction(transaction=made, slot=SLOT)
    )


def status(*, vote: bool = False, failed: bool = False) -> geyser_pb2.SubscribeUpdate:
    update = geyser_pb2.SubscribeUpdate()
    update.transaction_status.slot = SLOT
    update.transaction_status.signature = FIRST
    update.transaction_status.is_vote = vote
    update.transaction_status.index = 3
    if failed:
        update.transaction_status.err.err = b"\x08\0\0\0"
    return update


def account_info(
    *,
    pubkey: bytes = A,
    owner: bytes = X,
    lamports: int = 1000,
    content: bytes = b"0123456789",
    signature: bytes | None = FIRST,
) -> geyser_pb2.SubscribeUpdateAccountInfo:
    return geyser_pb2.SubscribeUpdateAccountInfo(
        pubkey=pubkey,
        owner=owner,
        lamports=lamports,
        data=content,
        write_version=7,
        txn_signature=signature,
    )


def account(
    info: geyser_pb2.SubscribeUpdateAccountInfo | None = None,
) -> geyser_pb2.SubscribeUpdate:
    made = account_info() if info is None else info
    return geyser_pb2.SubscribeUpdate(
        account=geyser_pb2.SubscribeUpdateAccount(account=made, slot=SLOT)
    )


def slot(status_number: int) -> geyser_pb2.SubscribeUpdate:
    update = geyser_pb2.SubscribeUpdate()
    update.slot.slot = SLOT
    update.slot.status = geyser_pb2.SlotStatus.ValueType(status_number)
    return update


def entry_message() -> geyser_pb2.SubscribeUpdateEntry:
    return geyser_pb2.SubscribeUpdateEntry(slot=SLOT, index=1, num_hashes=9, hash=C)


def block_meta() -> geyser_pb2.SubscribeUpdate:
    meta = geyser_pb2.SubscribeUpdateBlockMeta(slot=SLOT, blockhash=text(B), parent_slot=SLOT - 1)
    meta.rewards.SetInParent()
    return geyser_pb2.SubscribeUpdate(block_meta=meta)


T_STATIC = transaction_info(keys=(A, B))
T_LOADED = transaction_info(keys=(C,), readonly=(A,), signature=SECOND)
T_OWNER = transaction_info(keys=(D,), before=[(0, text(A), "1")], after=[(0, text(A), "2")])
W_KEY = account_info(pubkey=A, content=b"0123456789")
W_OWNER = account_info(pubkey=B, owner=A, content=b"abcd")


def block(
    *,
    transactions: Iterable[geyser_pb2.SubscribeUpdateTransactionInfo] = (),
    accounts: Iterable[geyser_pb2.SubscribeUpdateAccountInfo] = (),
    entries: int = 0,
) -> geyser_pb2.SubscribeUpdate:
    """A block of three transactions, two writes and one entry, with what is left of them."""
    made = geyser_pb2.SubscribeUpdateBlock(
        slot=SLOT,
        blockhash=text(B),
        parent_slot=SLOT - 1,
        parent_blockhash=text(C),
        executed_transaction_count=3,
        updated_account_count=2,
        entries_count=1,
    )
    made.rewards.SetInParent()
    made.block_time.timestamp = 1_795_000_000
    made.block_height.block_height = 280_000_000
    made.transactions.extend(transactions)
    made.accounts.extend(accounts)
    made.entries.extend([entry_message()] * entries)
    return geyser_pb2.SubscribeUpdate(block=made)


WHOLE_BLOCK = block(
    transactions=(T_STATIC, T_LOADED, T_OWNER), accounts=(W_KEY, W_OWNER), entries=1
)

FOUND, MISSING = (text(A),), (text(D),)
OWNED = (text(X),)
