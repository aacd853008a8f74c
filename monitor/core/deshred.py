"""A feed of transactions before their execution from every endpoint, beside the stream that is joined (PROTOCOL 6).

Such a transaction may never land, and nothing can replay or certify it. So nothing is joined: the first
copy of a signature is handed on when it arrives, whatever endpoint it came from, and what is missed is missed.

A server that has no such stream says so with UNIMPLEMENTED. That is told once, and asked again now and then,
for a server may be replaced by a newer one; the other streams of the endpoint are not concerned. But an endpoint
that is off, as one that an operator drained, has no feed here either.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from math import inf
from typing import Final

from monitor.core.backoff import full_jitter, slow
from monitor.core.commands import CloseFeed, OpenFeed, Report
from monitor.core.endings import NEEDS_PERSON, Ending

SIGNATURES: Final = 200_000
"""Signatures remembered at most, about 35 MB: some forty seconds of all of mainnet. Guessed: regions lie a second apart."""
SILENCE: Final = 30.0
"""Seconds without so much as a ping, which servers send every ten to fifteen, after which a feed is opened anew."""
ABSENT: Final = 3600.0
"""Seconds after which an endpoint without such a stream is asked again. Guessed."""


Step = OpenFeed | CloseFeed | Report


class FirstCopies:
    """The signatures that came already: so many of them at most, and the last half of that for certain.

    They are kept in two halves, and the older half is dropped at once. To drop the oldest one by one would cost more
    with each, since a dict is searched from its beginning.
    """

    def __init__(self, bound: int = SIGNATURES) -> None:
        self._half = max(bound // 2, 1)
        self._old: dict[bytes, int] = {}
        self._new: dict[bytes, int] = {}
        self.repeated = 0
        """Copies that were not the first, of signatures still remembered."""

    def missing(self, signature: bytes, mask: int) -> int:
        """Those of these monitors that have not had it yet; they have from now on."""
        half = self._new if signature in self._new else self._old
        had = half.get(signature)
        if had is None:
            if len(self._new) >= self._half:
                self._old, self._new = self._new, {}
            self._new[signature] = mask
            return mask
        new = mask & ~had
        half[signature] = had | mask
        self.repeated += not new
        return new

    def forget(self, signature: bytes, mask: int) -> None:
        """These monitors have not had it after all: the copy that came could not be read."""
        for half in (self._new, self._old):
            if signature in half:
                half[signature] &= ~mask


@dataclass(slots=True, eq=False)
class DeshredFeed:
    """One endpoint's present state; a feed number of None means not open."""

    endpoint: int
    feed: int | None = None
    opened: bool = False
    failures: int = 0
    reopen_at: float = inf
    heard_at: float = 0.0
    is_absent: bool = False
    """The server said that it has no such stream."""
    is_off: bool = False
    """Its endpoint is not to be used."""


class DeshredFeeds:
    """Keeps one feed open to every endpoint that has the stream and is not off."""

    def __init__(self, endpoints: int) -> None:
        self.all = [DeshredFeed(endpoint) for endpoint in range(endpoints)]
        self.by_feed: dict[int, DeshredFeed] = {}
        self._next_feed = 1

    def start(self, now: float) -> Iterator[Step]:
        """Open a feed to every endpoint that is not off."""
        for each in self.all:
            if not each.is_off:
                yield self._open(each, now)

    def steer(self, off: Set[int], now: float) -> Iterator[Step]:
        """These endpoints are not to be used, and all others are."""
        for each in self.all:
            if each.is_off == (each.endpoint in off):
                continue
            each.is_off = not each.is_off
            if each.is_off:
                yield from self._turn_off(each)
            else:
                each.reopen_at = now

    def opened(self, feed: int, now: float) -> Iterator[Step]:
        """The server accepted the stream."""
        each = self.by_feed.get(feed)
        if each is not None:
            each.opened = True
            each.is_absent = False
            each.heard_at = now
            yield Report("info", "a deshred feed opened", {"endpoint": each.endpoint})

    def heard(self, feed: int, now: float) -> None:
        """Something came of it, so the endpoint counts as well again."""
        each = self.by_feed.get(feed)
        if each is not None:
            each.heard_at = now
            each.failures = 0

    def ended(self, feed: int, ending: Ending, jitter: float, now: float) -> Iterator[Step]:
        """A feed is over: tell why, and set the time of the next try."""
        each = self.by_feed.pop(feed, None)
        if each is None:
            return
        each.feed = None
        each.opened = False
        if ending.code == "UNIMPLEMENTED":
            each.reopen_at = now + ABSENT
            if not each.is_absent:
                each.is_absent = True
                yield from self._tell_absent(each)
            return
        each.failures += 1
        needs_person = ending.reason in NEEDS_PERSON
        delay = slow(jitter) if needs_person else full_jitter(each.failures, jitter)
        each.reopen_at = now + delay
        yield Report(
            "error" if needs_person else "warning",
            "a deshred feed ended",
            {
                "endpoint": each.endpoint,
                "reason": ending.reason.value,
                "code": ending.code,
                "text": ending.text,
                "retry_in": round(delay, 3),
            },
        )

    def tick(self, now: float) -> Iterator[Step]:
        """Reopen what is due; close what fell silent."""
        for each in self.all:
            if each.feed is None:
                if now >= each.reopen_at:
                    yield self._open(each, now)
            elif now >= each.heard_at + SILENCE:
                each.heard_at = now
                facts = {"endpoint": each.endpoint, "silence": SILENCE}
                yield Report("warning", "a deshred feed fell silent and was closed", facts)
                yield CloseFeed(each.feed)

    def resumed(self, now: float) -> None:
        """Nothing was read for a while, for a reason of ours: no feed was silent then."""
        for each in self.by_feed.values():
            each.heard_at = now

    def next_deadline(self) -> float:
        """When `tick` has something to do; there is always something to wait for."""
        return min(
            each.reopen_at if each.feed is None else each.heard_at + SILENCE for each in self.all
        )

    def _turn_off(self, each: DeshredFeed) -> Iterator[Step]:
        feed, each.feed, each.opened, each.reopen_at = each.feed, None, False, inf
        if feed is not None:
            del self.by_feed[feed]
            facts = {"endpoint": each.endpoint}
            yield Report("info", "a deshred feed was closed with its endpoint", facts)
            yield CloseFeed(feed)

    def _open(self, each: DeshredFeed, now: float) -> OpenFeed:
        each.feed = self._next_feed
        self._next_feed += 1
        each.heard_at = now
        self.by_feed[each.feed] = each
        return OpenFeed(each.feed, each.endpoint, 0)

    def _tell_absent(self, each: DeshredFeed) -> Iterator[Step]:
        remedy = "leave deshred to other endpoints, or ask the provider for it"
        facts = {"endpoint": each.endpoint, "remedy": remedy}
        yield Report("warning", "an endpoint had no deshred stream", facts)
        if all(other.is_absent for other in self.all):
            facts = {"remedy": "add an endpoint that has it, or remove deshred from the monitors"}
            yield Report("error", "no endpoint had a deshred stream, so deshred got nothing", facts)
