"""What two RPCs must tell alike for their blocks to be the same block, as one number.

It covers the links, and of each transaction its bytes, its place, its error, its fee and its balances. It leaves out
what honest nodes tell differently: logs (each cuts them as it likes), cost units and return data (older ones do not know
them), time, height and rewards (archives lack them). Everything is gathered and hashed at the end, in two pieces.
"""

from hashlib import blake2b
from typing import Final

from msgspec import Raw

_DIGEST_BYTES: Final = 32
_SPACES: Final = b" \t\r\n"
_INSTRUCTION_ERROR: Final = (8).to_bytes(4, "little")
_BORSH_IO_ERROR: Final = (44).to_bytes(4, "little")
_BORSH_IO_ERROR_BYTES: Final = 9
"""Of an InstructionError with BorshIoError; older nodes tell a text behind it."""


class BlockDigest:
    """Takes the transactions of one block, in order."""

    def __init__(self, blockhash: str, previous_blockhash: str, parent_slot: int) -> None:
        self._links = f"{blockhash!r},{previous_blockhash!r},{parent_slot}"
        self._wires: list[bytes] = []
        self._outcomes: list[bytes | Raw] = []

    def add(
        self,
        wire: bytes,
        error: bytes | None,
        fee: int,
        pre_balances: Raw,
        post_balances: Raw,
    ) -> None:
        """`error`: its bincode, if it failed. Balances: lists of numbers, as JSON."""
        self._wires.append(wire)
        self._outcomes += (b"%d" % fee, pre_balances, post_balances)
        if error is not None:
            if error.startswith(_INSTRUCTION_ERROR) and error.startswith(_BORSH_IO_ERROR, 5):
                error = error[:_BORSH_IO_ERROR_BYTES]
            self._outcomes.append(error.hex().encode() + b"!")

    def digest(self) -> bytes:
        """32 bytes."""
        # Lists of numbers: without white space there is but one way to write them.
        outcomes = b"".join(self._outcomes).translate(None, _SPACES)
        lengths = [len(wire) for wire in self._wires]
        whole = blake2b(
            f"{self._links};{len(outcomes)};{lengths};".encode(), digest_size=_DIGEST_BYTES
        )
        whole.update(outcomes)
        whole.update(b"".join(self._wires))
        return whole.digest()
