"""A message being put together by hand, with the places in it that differ from slot to slot."""

from tests.bench.wire_fields import VARINT5, tag, varint


class Pieces:
    """A message being put together, with the places in it that differ from slot to slot."""

    def __init__(self) -> None:
        self.bytes = b""
        self.numbers: dict[int, list[int]] = {}
        self.hash_texts: dict[int, list[int]] = {}
        self.hashes: list[int] = []

    def raw(self, value: bytes) -> "Pieces":
        """Bytes that never change."""
        self.bytes += value
        return self

    def number(self, field_number: int, difference: int) -> "Pieces":
        """A varint field holding the slot's number plus `difference`."""
        self.bytes += tag(field_number, 0)
        return self.mark(difference, len(self.bytes)).raw(bytes(VARINT5))

    def mark(self, difference: int, at: int) -> "Pieces":
        """The five bytes at this place are a number (a number inside a signature, say)."""
        self.numbers.setdefault(difference, []).append(at)
        return self

    def hash_text(self, field_number: int, difference: int) -> "Pieces":
        """A base58 blockhash."""
        self.bytes += tag(field_number, 2) + varint(44)
        self.hash_texts.setdefault(difference, []).append(len(self.bytes))
        return self.raw(bytes(44))

    def height(self, field_number: int, difference: int) -> "Pieces":
        """A BlockHeight message: the slot's number plus `difference`."""
        inner = Pieces().number(1, difference)
        self.bytes += tag(field_number, 2) + varint(len(inner.bytes))
        self.mark(difference, len(self.bytes) + inner.numbers[difference][0])
        return self.raw(inner.bytes)

    def hash(self, field_number: int) -> "Pieces":
        """The slot's own blockhash as 32 bytes."""
        self.bytes += tag(field_number, 2) + varint(32)
        self.hashes.append(len(self.bytes))
        return self.raw(bytes(32))
