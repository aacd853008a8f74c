"""What a signature covers: the wire form of legacy, version-0 and version-1 messages."""

from monitor.simulator.signing import Nonces
from monitor.simulator.transactions import Config, Outline, Signed

_V0 = b"\x80"
_V1 = b"\x81"


def sign(
    outline: Outline,
    recent_blockhash: bytes,
    amounts: tuple[int, ...],
    blobs: tuple[bytes, ...],
    nonces: Nonces,
) -> Signed:
    """Fill in and sign one use of an outline.

    `blobs` are what instructions carry: the amounts as eight bytes each when they move something.
    """
    contents = tuple([call.content(blobs) for call in outline.instructions])
    message = message_bytes(outline, recent_blockhash, contents)
    inner = tuple(
        [tuple([call.content(blobs) for call in calls]) for _, calls in outline.inner or ()]
    )
    signatures = tuple([signer.sign(message, nonces.take()) for signer in outline.signers])
    return Signed(outline, recent_blockhash, amounts, contents, inner, signatures)


def message_bytes(outline: Outline, recent_blockhash: bytes, contents: tuple[bytes, ...]) -> bytes:
    """The message of an outline with this blockhash and these instruction data."""
    if outline.version == 1:
        return _v1(outline, recent_blockhash, contents)
    parts = [] if outline.version == "legacy" else [_V0]
    parts += [bytes(outline.header), _short(len(outline.keys)), *outline.keys, recent_blockhash]
    parts.append(_short(len(contents)))
    for call, content in zip(outline.instructions, contents, strict=True):
        parts += [bytes((call.program, len(call.accounts))), call.accounts]
        parts += [_short(len(content)), content]
    if outline.version == 0:
        parts.append(_short(len(outline.lookups)))
        for lookup in outline.lookups:
            parts += [lookup.table, _short(len(lookup.writable)), lookup.writable]
            parts += [_short(len(lookup.readonly)), lookup.readonly]
    return b"".join(parts)


def _v1(outline: Outline, recent_blockhash: bytes, contents: tuple[bytes, ...]) -> bytes:
    """SIMD-0385: prefix, header, config mask, lifetime, counts, keys, config values, calls, their payloads."""
    mask, values = _config(outline.config or Config())
    parts = [_V1, bytes(outline.header), mask, recent_blockhash]
    parts += [bytes((len(contents), len(outline.keys))), *outline.keys, values]
    for call, content in zip(outline.instructions, contents, strict=True):
        parts += [bytes((call.program, len(call.accounts))), len(content).to_bytes(2, "little")]
    for call, content in zip(outline.instructions, contents, strict=True):
        parts += [call.accounts, content]
    return b"".join(parts)


def _config(config: Config) -> tuple[bytes, bytes]:
    mask, values = 0, b""
    if config.priority_fee is not None:
        mask, values = 0b11, config.priority_fee.to_bytes(8, "little")
    limits = (config.compute_unit_limit, config.loaded_accounts_data_size_limit, config.heap_size)
    for bit, limit in enumerate(limits, start=2):
        if limit is not None:
            mask |= 1 << bit
            values += limit.to_bytes(4, "little")
    return mask.to_bytes(4, "little"), values


def _short(length: int) -> bytes:
    """A length as the runtime's compact-u16."""
    if length < 0x80:
        return bytes((length,))
    return bytes((length & 0x7F | 0x80, length >> 7))
