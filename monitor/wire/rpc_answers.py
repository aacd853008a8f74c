"""What a JSON-RPC answer means for a recovery: a table of errors, HTTP statuses and vendors' own words (BACKFILL 2).

An HTTP status that fails outranks what the body says, but for a body that tells one of the node's own errors: some
servers send these with status 400 or 500. Complaints about too many calls come under any code, those of the node among
them, so their words are looked for first.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any, Final

import msgspec

from monitor.core.rungs import Verdict


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that brings nothing."""

    verdict: Verdict
    word: str
    """For metrics; one of a bounded set: a code, `http 429`, `malformed`, `null`, `meta null`, `other`."""
    is_told: bool = False
    """A JSON-RPC error object said so."""
    is_ours_to_cure: bool = False
    """It holds for every slot until a person cures it: credentials, a method that is disabled, no history."""
    is_of_method: bool = False
    """It speaks of the method that was called, and of no other."""
    retry_after: float = 0.0
    """Seconds; 0: not told."""
    first_available: int | None = None
    """The first slot that this RPC keeps, where it tells."""
    message: str = ""
    """What the server said, cut."""


_MESSAGE: Final = 200
"""Letters of a server's message that are kept."""
_LONGEST_PAUSE: Final = 3600.0
"""Seconds of a Retry-After; whatever asks for more has an hour."""

_CODES: Final[dict[int, Verdict]] = {
    -32001: Verdict.CANNOT,
    -32004: Verdict.NOT_YET,
    -32005: Verdict.NOT_YET,
    -32007: Verdict.SKIPPED_CLAIM,
    -32008: Verdict.CANNOT,
    -32009: Verdict.SKIPPED_CLAIM,
    -32010: Verdict.CANNOT,
    -32011: Verdict.CANNOT,
    -32012: Verdict.FAILED,
    -32014: Verdict.NOT_YET,
    -32015: Verdict.OURS,
    -32016: Verdict.NOT_YET,
    -32017: Verdict.FAILED,
    -32018: Verdict.FAILED,
    -32019: Verdict.FAILED,
    -32020: Verdict.FAILED,
    -32021: Verdict.CANNOT,
    -32600: Verdict.OURS,
    -32601: Verdict.CANNOT,
    -32602: Verdict.OURS,
    -32603: Verdict.FAILED,
    -32700: Verdict.OURS,
    429: Verdict.THROTTLED,
    -32429: Verdict.THROTTLED,
    -32029: Verdict.THROTTLED,
    401: Verdict.CANNOT,
}
"""The node's codes, and those that vendors agree on."""
_REWRITTEN: Final = frozenset({-32000, -32602, -32603})
"""Codes under which proxies hide an error of the node; its words are then looked for."""
_OF_METHOD: Final = frozenset({-32011, -32601})
_PERMANENT: Final = _OF_METHOD | {401}

_THROTTLED_WORDS: Final = re.compile(
    r"too many requests|\brate.?limit|request limit|(?:rps|credits?) limit|limit exceeded"
    r"|requests? per second|exceeded .{0,40}limit|out of credits",
    re.IGNORECASE,
)
_WORDS: Final = (
    (re.compile(r"ledger jump|missing in long-term storage|slot \d+ was skipped", re.I), -32007),
    (re.compile(r"cleaned up|first available block", re.I), -32001),
    (re.compile(r"block not available for slot", re.I), -32004),
    (re.compile(r"status not yet available", re.I), -32014),
    (re.compile(r"minimum context slot has not been reached", re.I), -32016),
    (re.compile(r"transaction history is not available", re.I), -32011),
    (re.compile(r"method (?:is )?(?:not found|not supported|disabled|not allowed)", re.I), -32601),
    (re.compile(r"transaction version \(?\w+\)? is not supported", re.I), -32015),
    (re.compile(r"long-term storage .{0,20}unreachable|bigtable|timed? ?out", re.I), -32019),
    (re.compile(r"unauthori[sz]ed|forbidden|(?:invalid|missing) (?:api.?key|token)", re.I), 401),
)
"""The node's own sentences, wherever a proxy puts them, and the code that they belong to; 401 for the proxy's own."""
_FIRST_AVAILABLE: Final = re.compile(r"first available block: (\d{1,19})", re.IGNORECASE)

_STATUSES: Final[dict[int, Verdict]] = {
    400: Verdict.OURS,
    401: Verdict.CANNOT,
    402: Verdict.CANNOT,
    403: Verdict.CANNOT,
    404: Verdict.CANNOT,
    405: Verdict.CANNOT,
    410: Verdict.CANNOT,
    413: Verdict.OURS,
    415: Verdict.OURS,
    422: Verdict.OURS,
    429: Verdict.THROTTLED,
}
"""Others: a redirection CANNOT, since it is not followed; else FAILED."""
_STATUS_ALONE: Final = frozenset({401, 402, 403, 429})
"""Statuses that mean the same whatever the body says."""


class _Told(msgspec.Struct, gc=False):
    """A JSON-RPC answer; what its result holds is left alone."""

    error: Any = None
    result: msgspec.Raw = msgspec.Raw(b"")


class _Transaction(msgspec.Struct, gc=False):
    meta: msgspec.Raw = msgspec.Raw(b"")


class _Block(msgspec.Struct, gc=False):
    transactions: list[_Transaction] | None = None


_TOLD: Final = msgspec.json.Decoder(_Told)
_BLOCK: Final = msgspec.json.Decoder(_Block)
_NULL: Final = b"null"


def refusal(
    status: int, headers: Mapping[str, str], body: bytes, utc_seconds: float
) -> Refusal | None:
    """Why this answer brings nothing; None: its `result` is there.

    `headers`: names in lower case. `utc_seconds`: since 1970, for a Retry-After that names a date. The body is parsed as a
    whole: a large one of status 200 is better given to its reader first, and here when that cannot read it.
    """
    found = _of_body(body)
    if status in _STATUS_ALONE or (status != 200 and (found is None or not found.is_told)):
        found = _of_status(status)
    if found is None:
        return None
    return replace(found, retry_after=retry_after(headers, utc_seconds))


def retry_after(headers: Mapping[str, str], utc_seconds: float) -> float:
    """Seconds that a server asks for, in either form of the header (RFC 9110); 0 without one or for one of no sense.

    A date is compared with the server's own clock where it tells that: ours may be wrong.
    """
    asked = headers.get("retry-after", "").strip()
    try:
        return max(0.0, min(float(asked), _LONGEST_PAUSE))
    except ValueError:
        until = _seconds(asked)
    if until is None:
        return 0.0
    theirs = _seconds(headers.get("date", ""))
    return max(0.0, min(until - (utc_seconds if theirs is None else theirs), _LONGEST_PAUSE))


def _seconds(date: str) -> float | None:
    """Seconds since 1970 of an HTTP date."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def _of_status(status: int) -> Refusal:
    verdict = _STATUSES.get(status, Verdict.FAILED)
    if 300 <= status < 400:
        verdict = Verdict.CANNOT
    return Refusal(verdict, f"http {status}", is_ours_to_cure=verdict is Verdict.CANNOT)


def _of_body(body: bytes) -> Refusal | None:
    try:
        told = _TOLD.decode(body)
    except msgspec.DecodeError:
        return Refusal(Verdict.FAILED, "malformed")
    if told.error is not None:
        return _of_error(told.error)
    result = bytes(told.result)
    if not result:
        return Refusal(Verdict.FAILED, "malformed")
    if result == _NULL:
        return Refusal(Verdict.NOT_YET, "null")
    return Refusal(Verdict.NOT_YET, "meta null") if _lacks_meta(result) else None


def _lacks_meta(result: bytes) -> bool:
    try:
        block = _BLOCK.decode(result)
    except msgspec.DecodeError:
        return False
    return any(bytes(transaction.meta) == _NULL for transaction in block.transactions or ())


def _of_error(error: Any) -> Refusal:
    """Proxies drop parts of the object, or put a bare text in its place (BACKFILL 1)."""
    code, message = None, str(error)
    if isinstance(error, dict):
        code, message = _number(error.get("code")), str(error.get("message", ""))
    elif not isinstance(error, str):
        return Refusal(Verdict.FAILED, "malformed")
    meant = _meant(code, message)
    verdict = _CODES.get(meant, Verdict.FAILED)
    first = _FIRST_AVAILABLE.search(message)
    return Refusal(
        verdict,
        str(code) if code in _CODES or code == -32000 else "other",
        is_told=True,
        is_ours_to_cure=meant in _PERMANENT,
        is_of_method=meant in _OF_METHOD,
        first_available=int(first[1]) if first is not None and meant == -32001 else None,
        message=message[:_MESSAGE],
    )


def _number(code: Any) -> int | None:
    """A code, which some proxies send as text."""
    try:
        return int(code)
    except (TypeError, ValueError, OverflowError):
        return None


def _meant(code: int | None, message: str) -> int:
    """The code that an error should have had."""
    if _THROTTLED_WORDS.search(message):
        return 429
    if code in _CODES and code not in _REWRITTEN:
        return code
    for words, meant in _WORDS:
        if words.search(message):
            return meant
    return -32000 if code is None else code
