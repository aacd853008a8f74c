"""Base58 in both directions, against solders where it can answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from solders.pubkey import Pubkey
from solders.signature import Signature

from monitor.wire import base58


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", b""),
        ("1", b"\x00"),
        ("111", b"\x00\x00\x00"),
        ("2", b"\x01"),
        ("z", b"\x39"),
        ("21", b"\x3a"),
        ("5Q", b"\xff"),
        ("2NEpo7TZRRrLZSi2U", b"Hello World!"),
        ("11233QC4", bytes.fromhex("0000287fb4cd")),
    ],
)
def test_decodes_texts_of_any_length(text: str, expected: bytes) -> None:
    assert base58.decode(text) == expected


@given(st.binary(min_size=32, max_size=32))
def test_keys_agree_with_solders(key: bytes) -> None:
    text = str(Pubkey(key))
    assert base58.decode(text) == key
    assert base58.key_text(key) == base58.hash_text(key) == text
    assert base58.key_bytes(text) == base58.hash_bytes(text) == key


@given(st.binary(min_size=64, max_size=64))
def test_signatures_agree_with_solders(signature: bytes) -> None:
    text = str(Signature(signature))
    assert base58.decode(text) == signature
    assert base58.signature_text(signature) == text
    assert base58.signature_bytes(text) == signature


@pytest.mark.parametrize("text", ["0", "O", "I", "l", "abc def", "ü", "1111111111+"])
def test_refuses_letters_outside_the_alphabet(text: str) -> None:
    with pytest.raises(ValueError, match="not base58"):
        base58.decode(text)


def test_refuses_wrong_lengths() -> None:
    with pytest.raises(ValueError, match="length"):
        base58.key_text(b"short")
    with pytest.raises(ValueError):  # noqa: PT011
        base58.signature_text(b"short")
    with pytest.raises(ValueError):  # noqa: PT011
        base58.key_bytes("short")
