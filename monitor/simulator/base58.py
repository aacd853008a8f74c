"""Base58 text of keys, hashes and signatures, as the chain's people write them."""

from solders.pubkey import Pubkey
from solders.signature import Signature


def base58(raw: bytes) -> str:
    """The text of 32 bytes (a key or a hash) or of 64 bytes (a signature)."""
    if len(raw) == 32:
        return str(Pubkey(raw))
    return str(Signature(raw))


def key_bytes(text: str) -> bytes:
    """The 32 bytes of a key or a hash. Raises ValueError when the text is neither."""
    return bytes(Pubkey.from_string(text))
