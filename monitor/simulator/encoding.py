"""From the chain's own objects to the validator's protobuf messages.

How this works: what an outline never changes is set once in a prototype; each use copies it and fills in the rest.
Building each message from nothing costs three times as much.
"""

from dataclasses import dataclass

from google.protobuf.message import Message

from monitor.core.chain import Kind
from monitor.simulator.base58 import base58
from monitor.simulator.chain_actors import TOKEN_PROGRAM
from monitor.simulator.frames import encode_body
from monitor.simulator.model import Update
from monitor.simulator.transactions import Executed, Outline
from monitor.wire.pb import geyser_pb2, solana_storage_pb2

_TOKEN_PROGRAM_TEXT = base58(TOKEN_PROGRAM)


@dataclass(frozen=True, slots=True)
class Write:
    """An account as one write left it."""

    pubkey: bytes
    owner: bytes
    lamports: int
    content: bytes
    rent_epoch: int
    write_version: int
    txn_signature: bytes | None
    """None for what the bank itself wrote."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A step of the bank's proof of history; a tick when it executes nothing."""

    index: int
    num_hashes: int
    hash: bytes
    executed_transaction_count: int
    starting_transaction_index: int


def update(kind: Kind, slot: int, message: Message) -> Update:
    """The update of a message, encoded once."""
    return Update(
        kind, slot, message, encode_body(kind, message.SerializeToString(deterministic=True))
    )


class TransactionEncoder:
    """Keeps the prototypes."""

    def __init__(self) -> None:
        self._prototypes: dict[Outline, geyser_pb2.SubscribeUpdateTransaction] = {}

    def encode(self, slot: int, executed: Executed) -> Update:
        """The transaction as geyser gives it."""
        signed = executed.signed
        message = geyser_pb2.SubscribeUpdateTransaction()
        message.CopyFrom(self._prototype(signed.outline))
        message.slot = slot
        part = message.transaction
        part.signature = signed.signatures[0]
        part.index = executed.index
        part.transaction.signatures.extend(signed.signatures)
        body = part.transaction.message
        body.recent_blockhash = signed.recent_blockhash
        for call, content in zip(body.instructions, signed.contents, strict=True):
            call.data = content
        meta = part.meta
        meta.pre_balances.extend(executed.pre_balances)
        meta.post_balances.extend(executed.post_balances)
        for group, contents in zip(meta.inner_instructions, signed.inner_contents, strict=False):
            for inner, content in zip(group.instructions, contents, strict=True):
                inner.data = content
        for balance, amount in zip(meta.pre_token_balances, executed.pre_tokens, strict=True):
            _set_amount(balance.ui_token_amount, amount)
        for balance, amount in zip(meta.post_token_balances, executed.post_tokens, strict=True):
            _set_amount(balance.ui_token_amount, amount)
        return update(Kind.TRANSACTION, slot, message)

    def _prototype(self, outline: Outline) -> geyser_pb2.SubscribeUpdateTransaction:
        found = self._prototypes.get(outline)
        if found is None:
            found = self._prototypes[outline] = _make_prototype(outline)
        return found


def _make_prototype(outline: Outline) -> geyser_pb2.SubscribeUpdateTransaction:
    made = geyser_pb2.SubscribeUpdateTransaction()
    made.transaction.is_vote = outline.is_vote
    _set_message(made.transaction.transaction.message, outline)
    _set_meta(made.transaction.meta, outline)
    return made


def _set_message(message: solana_storage_pb2.Message, outline: Outline) -> None:
    required, readonly_signed, readonly_unsigned = outline.header
    message.header.num_required_signatures = required
    message.header.num_readonly_signed_accounts = readonly_signed
    message.header.num_readonly_unsigned_accounts = readonly_unsigned
    message.account_keys.extend(outline.keys)
    message.versioned = outline.version != "legacy"
    for call in outline.instructions:
        message.instructions.add(program_id_index=call.program, accounts=call.accounts)
    for lookup in outline.lookups:
        message.address_table_lookups.add(
            account_key=lookup.table,
            writable_indexes=lookup.writable,
            readonly_indexes=lookup.readonly,
        )
    if outline.config is not None:
        config = message.config
        config.SetInParent()
        if outline.config.priority_fee is not None:
            config.priority_fee = outline.config.priority_fee
        if outline.config.compute_unit_limit is not None:
            config.compute_unit_limit = outline.config.compute_unit_limit
        if outline.config.loaded_accounts_data_size_limit is not None:
            config.loaded_accounts_data_size_limit = outline.config.loaded_accounts_data_size_limit
        if outline.config.heap_size is not None:
            config.heap_size = outline.config.heap_size


def _set_meta(meta: solana_storage_pb2.TransactionStatusMeta, outline: Outline) -> None:
    if outline.failure is not None:
        meta.err.err = outline.failure.bincode
    meta.fee = outline.fee
    meta.inner_instructions_none = outline.inner is None
    for number, calls in outline.inner or ():
        group = meta.inner_instructions.add(index=number)
        for call in calls:
            inner = group.instructions.add(program_id_index=call.program, accounts=call.accounts)
            if call.stack_height is not None:
                inner.stack_height = call.stack_height
    meta.log_messages_none = outline.logs is None
    meta.log_messages.extend(outline.logs or ())
    for number, account in outline.token_accounts:
        for balances in (meta.pre_token_balances, meta.post_token_balances):
            balance = balances.add(account_index=number, mint=account.mint.text)
            balance.owner = account.owner_text
            balance.program_id = _TOKEN_PROGRAM_TEXT
            balance.ui_token_amount.decimals = account.mint.decimals
    meta.loaded_writable_addresses.extend(outline.loaded_writable)
    meta.loaded_readonly_addresses.extend(outline.loaded_readonly)
    meta.return_data_none = outline.return_data is None
    if outline.return_data is not None:
        meta.return_data.program_id, meta.return_data.data = outline.return_data
    meta.compute_units_consumed = outline.compute_units
    if outline.cost_units is not None:
        meta.cost_units = outline.cost_units


def _set_amount(target: solana_storage_pb2.UiTokenAmount, amount: int) -> None:
    target.amount = str(amount)
    target.ui_amount = amount / 10**target.decimals
    target.ui_amount_string = decimal_text(amount, target.decimals)


def decimal_text(amount: int, decimals: int) -> str:
    """The amount in whole tokens, without zeros at the end."""
    if decimals == 0:
        return str(amount)
    whole, part = divmod(amount, 10**decimals)
    return f"{whole}.{part:0{decimals}d}".rstrip("0").rstrip(".")


def encode_write(slot: int, write: Write) -> Update:
    """The write as geyser gives it."""
    message = geyser_pb2.SubscribeUpdateAccount(slot=slot)
    account = message.account
    account.pubkey = write.pubkey
    account.lamports = write.lamports
    account.owner = write.owner
    account.rent_epoch = write.rent_epoch
    account.data = write.content
    account.write_version = write.write_version
    if write.txn_signature is not None:
        account.txn_signature = write.txn_signature
    return update(Kind.ACCOUNT, slot, message)


def encode_entry(slot: int, entry: Entry) -> Update:
    """The entry as geyser gives it."""
    message = geyser_pb2.SubscribeUpdateEntry(
        slot=slot,
        index=entry.index,
        num_hashes=entry.num_hashes,
        hash=entry.hash,
        executed_transaction_count=entry.executed_transaction_count,
        starting_transaction_index=entry.starting_transaction_index,
    )
    return update(Kind.ENTRY, slot, message)
