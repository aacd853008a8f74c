"""Base58 as the chain writes it."""

import pytest

from monitor.simulator.base58 import base58, key_bytes, text_bytes


def test_keys_and_signatures_are_written_and_read() -> None:
    assert base58(bytes(32)) == "1" * 32
    assert key_bytes("1" * 32) == bytes(32)
    assert text_bytes(base58(b"\0" + b"\xff" * 31)) == b"\0" + b"\xff" * 31
    assert text_bytes(base58(bytes(range(64)))) == bytes(range(64))


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("", b""),
        ("1", b"\0"),
        ("2g", b"a"),
        ("a3gV", b"bbb"),
        ("11233QC4", b"\0\0\x28\x7f\xb4\xcd"),
    ],
)
def test_texts_of_any_length_are_read(text: str, raw: bytes) -> None:
    assert text_bytes(text) == raw


def test_a_letter_outside_the_alphabet_is_refused() -> None:
    with pytest.raises(ValueError, match="substring not found"):
        text_bytes("0")
