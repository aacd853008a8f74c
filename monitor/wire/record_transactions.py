"""The fields of a transaction in a record, as JSON: the dearest record there is, and the commonest but accounts.

How this works. What repeats is made once and kept as JSON in bounded caches, by its bytes: addresses (in `base58`);
token balances, because what one transaction leaves is what the next one finds (of a block of 2025, 86 of a hundred
are in the cache); a vote's instruction (98 of a hundred) and the part of its meta behind the balances (all), because
the validators say the same. Of the rest, texts in base58, base64 and numbers are put in place by hand, for they need
no escape; orjson writes the others. Fields stand in the order of DESIGN 10.
All functions raise ValueError or DecodeError for what cannot be read.

Measured against plain dicts of whole messages (`scripts/bench records`): a vote takes 0.56 of the time, another
transaction 0.73; an account 0.47.
"""

from binascii import b2a_base64
from collections.abc import Sequence
from typing import Any, Final

import orjson

from monitor.wire.base58 import key_text, signature_text
from monitor.wire.kept import Kept
from monitor.wire.pb import geyser_record_pb2, solana_storage_pb2
from monitor.wire.transaction_errors import decode_transaction_error

_Rest = tuple[list[bytes], str, bytes, bytes]
"""Of a meta, without error, fee and balances: the loaded addresses; the compute units; inner instructions, logs and
return data; token balances."""

_HOLDINGS_CACHED: Final = 8_192
"""About 5 MB at most: some six slots of mainnet."""
_INSTRUCTIONS_CACHED: Final = 2_048
_LONGEST_INSTRUCTION_CACHED: Final = 512
"""Bytes: a vote has 160. So that few megabytes are kept at most."""
_RESTS_CACHED: Final = 64
_LONGEST_REST_CACHED: Final = 1_024

_ERROR, _FEE, _PRE_BALANCES, _POST_BALANCES = 0x0A, 0x10, 0x1A, 0x22
"""Tags with which a meta begins, in this order, as servers encode in the order of fields (PROTOCOL 1.3)."""
_ACCOUNT_INDEX: Final = 0x08
"""The tag with which a token balance begins, unless the index is 0."""
_LONG: Final = 0x80
"""The lowest byte of a varint that another one follows."""

_INDEXED: Final = tuple(b'{"account_index":%d,' % index for index in range(_LONG))
_BOOLEANS: Final = ("false", "true")
_NO_META: Final = (
    b'"inner_instructions":null,"logs":null,"return_data":null,"pre_balances":null,'
    b'"post_balances":null,"pre_token_balances":null,"post_token_balances":null}\n'
)

_read_meta: Final = geyser_record_pb2.TransactionStatusMeta.FromString
_read_instruction: Final = solana_storage_pb2.CompiledInstruction.FromString
_read_holding: Final = solana_storage_pb2.TokenBalance.FromString
_dumps: Final = orjson.dumps


def transaction_json(
    info: geyser_record_pb2.SubscribeUpdateTransactionInfo,
) -> tuple[str, bytes]:
    """The signature, and the fields of a `transaction` after its blockhash, with the closing brace and a newline.

    Without a meta (an archive's hole) what only the meta knows is null.
    """
    transaction = info.transaction
    message = transaction.message
    is_vote = info.is_vote
    signatures = [*map(signature_text, transaction.signatures[:])]
    signature = signatures[0] if signatures else signature_text(info.signature)
    keys = message.account_keys[:]
    if info.HasField("meta"):
        outcome, rest, last = _outcome(info.meta, is_vote)
        keys += rest[0]
        compute_units = rest[1]
    else:
        outcome, compute_units, last = '"failed":null,"err":null,"fee":null', "null", _NO_META
    # The recent blockhash goes through the cache of keys: most of a block names the same few.
    first = (
        f'"index":{info.index},"signature":"{signature}","signatures":{_texts(signatures)},'
        f'"tx_version":{_version(message)},"is_vote":{_BOOLEANS[is_vote]},{outcome},'
        f'"compute_units":{compute_units},"recent_blockhash":"{key_text(message.recent_blockhash)}",'
        f'"accounts":{_texts([*map(key_text, keys)])},'
        f'"instructions":[{",".join(map(_instruction, message.instructions[:]))}],'
    )
    return signature, first.encode() + last


def _texts(texts: Sequence[str]) -> str:
    """A list of texts that need no escape."""
    return '["' + '","'.join(texts) + '"]' if texts else "[]"


def _version(message: geyser_record_pb2.Message) -> str:
    # Version 0 and 1 are both `versioned`; only version 1 has a config.
    if message.HasField("config"):
        return "1"
    return "0" if message.versioned else '"legacy"'


def _instruction(outer: bytes) -> str:
    if len(outer) > _LONGEST_INSTRUCTION_CACHED:
        return _new_instruction(outer)
    return _kept_instruction(outer)


def _new_instruction(outer: bytes) -> str:
    read = _read_instruction(outer)
    # The stack height of an outer instruction is not on the wire of a stream, so no road tells it.
    return (
        f'{{"program_id_index":{read.program_id_index},"accounts":{_dumps([*read.accounts]).decode()},'
        f'"data":"{b2a_base64(read.data, newline=False).decode()}","stack_height":null}}'
    )


_kept_instruction: Final = Kept(_new_instruction, _INSTRUCTIONS_CACHED).__getitem__


def _outcome(meta: bytes, is_vote: bool) -> tuple[str, _Rest, bytes]:
    """Error and fee; what else the first part of the record wants; and the last part, from inner instructions on."""
    end = _balances_end(meta) if is_vote else 0
    rest = _kept_rest(meta[end:]) if end and len(meta) - end <= _LONGEST_REST_CACHED else None
    if rest is None:
        read = _read_meta(meta)
        rest = _rest(read)
    else:
        read = _read_meta(meta[:end])
    outcome = (
        f'"failed":true,"err":{_dumps(decode_transaction_error(read.err.err)).decode()}'
        if read.HasField("err")
        else '"failed":false,"err":null'
    )
    return (
        f'{outcome},"fee":{read.fee}',
        rest,
        b'%b"pre_balances":%b,"post_balances":%b,%b'
        % (rest[2], _dumps(read.pre_balances[:]), _dumps(read.post_balances[:]), rest[3]),
    )


def _balances_end(meta: bytes) -> int:
    """Where what follows error, fee and balances begins; anywhere before, if they are not written as usual."""
    at = 0
    try:
        for tag in (_ERROR, _FEE, _PRE_BALANCES, _POST_BALANCES):
            if meta[at] != tag:
                continue
            length = meta[at + 1]
            if tag == _FEE:
                at += 2
                while length >= _LONG:
                    length = meta[at]
                    at += 1
            elif length < _LONG:
                at += 2 + length
    except IndexError:
        pass
    return at


def _new_rest(meta: bytes) -> _Rest | None:
    """None when error, fee or balances are in there too: then the parts do not tell what the whole says."""
    read = _read_meta(meta)
    if read.HasField("err") or read.fee or read.pre_balances or read.post_balances:
        return None
    return _rest(read)


_kept_rest: Final = Kept(_new_rest, _RESTS_CACHED).__getitem__


def _rest(meta: geyser_record_pb2.TransactionStatusMeta) -> _Rest:
    has_units = meta.HasField("compute_units_consumed")
    told = {
        "inner_instructions": _all_inner_instructions(meta),
        "logs": None if meta.log_messages_none else meta.log_messages[:],
        "return_data": _return_data(meta) if meta.HasField("return_data") else None,
    }
    holdings = (
        b'"pre_token_balances":[',
        b",".join(_token_balances(meta.pre_token_balances[:])),
        b'],"post_token_balances":[',
        b",".join(_token_balances(meta.post_token_balances[:])),
        b"]}\n",
    )
    return (
        meta.loaded_writable_addresses[:] + meta.loaded_readonly_addresses[:],
        str(meta.compute_units_consumed) if has_units else "null",
        _dumps(told)[1:-1] + b",",
        b"".join(holdings),
    )


def _all_inner_instructions(
    meta: geyser_record_pb2.TransactionStatusMeta,
) -> list[dict[str, Any]] | None:
    if meta.inner_instructions_none:
        return None
    return [
        {
            "index": inner.index,
            "instructions": [_inner_instruction(called) for called in inner.instructions[:]],
        }
        for inner in meta.inner_instructions[:]
    ]


def _inner_instruction(called: solana_storage_pb2.InnerInstruction) -> dict[str, Any]:
    return {
        "program_id_index": called.program_id_index,
        "accounts": [*called.accounts],
        "data": b2a_base64(called.data, newline=False).decode(),
        "stack_height": called.stack_height if called.HasField("stack_height") else None,
    }


def _return_data(meta: geyser_record_pb2.TransactionStatusMeta) -> dict[str, Any]:
    return {
        "program_id": key_text(meta.return_data.program_id),
        "data": b2a_base64(meta.return_data.data, newline=False).decode(),
    }


def _token_balances(balances: list[bytes]) -> list[bytes]:
    """What follows the account's index is the same from transaction to transaction, and is kept without it."""
    texts: list[bytes] = []
    for balance in balances:
        if len(balance) > 1 and balance[0] == _ACCOUNT_INDEX and balance[1] < _LONG:
            holding = _holding(balance[2:])
            if holding is not None:
                texts.append(_INDEXED[balance[1]] + holding)
                continue
        read = _read_holding(balance)
        texts.append(b'{"account_index":%d,%b' % (read.account_index, _holding_json(read)))
    return texts


def _new_holding(balance: bytes) -> bytes | None:
    """None when the bytes hold an index too."""
    read = _read_holding(balance)
    return None if read.account_index else _holding_json(read)


_holding: Final = Kept(_new_holding, _HOLDINGS_CACHED).__getitem__


def _holding_json(read: solana_storage_pb2.TokenBalance) -> bytes:
    """A token balance after its account index, closing brace included."""
    amount = read.ui_token_amount
    fields = {
        "mint": read.mint,
        "owner": read.owner or None,
        "program_id": read.program_id or None,
        "amount": amount.amount,
        "decimals": amount.decimals,
    }
    return _dumps(fields)[1:]
