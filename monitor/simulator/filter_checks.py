"""Checks that a server makes of every filter, and the texts of its refusals (PROTOCOL 4.7)."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from solders.signature import Signature

from monitor.simulator.base58 import key_bytes

Facts = TypeVar("Facts")


class FilterRefused(Exception):
    """A request that cannot be served; the text goes behind "failed to create filter: "."""


def check_count(count: int, limit: int | None) -> None:
    """For filters of a kind, data slices, and the bytes of a cuckoo filter."""
    if limit is not None and count > limit:
        raise FilterRefused(f"Max amount of filters/data_slices reached, only {limit} allowed")


def check_any(is_full_stream: bool, allowed: bool) -> None:
    """For filters that would take everything."""
    if is_full_stream and not allowed:
        raise FilterRefused(
            "Subscribe on full stream with `any` is not allowed, at least one filter required"
        )


def check_keys(keys: Sequence[str], limit: int | None) -> None:
    """For key lists, counted as they were sent."""
    if limit is not None and len(keys) > limit:
        raise FilterRefused(f"Max amount of Pubkeys reached, only {limit} allowed")


def check_name(name: str, limit: int) -> None:
    """For the user's names, in bytes of UTF-8."""
    size = len(name.encode())
    if size > limit:
        raise FilterRefused(f"oversized filter name (max allowed size {limit}), found {size}")


def decode_keys(texts: Iterable[str], rejected: frozenset[str] = frozenset()) -> frozenset[bytes]:
    """The keys of a list; each is parsed, then looked up among the rejected ones."""
    keys = set()
    for text in texts:
        try:
            keys.add(key_bytes(text))
        except ValueError as wrong:
            raise FilterRefused(str(wrong)) from wrong
        if text in rejected:
            raise FilterRefused(f"Pubkey {text} in filters is not allowed")
    return frozenset(keys)


def decode_signature(text: str) -> bytes:
    """The 64 bytes of a signature."""
    try:
        return bytes(Signature.from_string(text))
    except ValueError as wrong:
        raise FilterRefused(str(wrong)) from wrong


def all_of(checks: Sequence[Callable[[Facts], bool]]) -> Callable[[Facts], bool] | None:
    """One test for all of them, cheapest first in the order given; None when there is none to make."""
    if len(checks) <= 1:
        return checks[0] if checks else None

    def holds(facts: Facts) -> bool:
        # Not all(...): a generator costs more than the two or three checks that there are.
        for check in checks:
            if not check(facts):
                return False
        return True

    return holds
