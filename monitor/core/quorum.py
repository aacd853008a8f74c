"""When a slot counts as confirmed: once endpoints of enough different providers name the same block of it (DESIGN 6).

How this works. A status means the block that its endpoint named by a BlockMeta, so an endpoint's voice is both. Where
enough agree the join is told, and follows the parent links down as ever. An ancestor that its child names needs no
voices of its own; where endpoints tell different parents of it, the version that more providers tell is followed.
Where too few agree a slot waits; how long, and what then, the user decides.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.core.ancestry import is_denied
from monitor.core.banks import Bank, Meta
from monitor.core.chain import Commitment
from monitor.core.findings import Contradicted
from monitor.core.gate import Gate
from monitor.core.origins import Origins
from monitor.core.slots import SlotState
from monitor.core.voices import Ballot, Voices, alike

EPISODE: Final = 60.0
"""Seconds after which a disagreement is worth new lines in the log. Guessed."""
SPARE: Final = 256
"""Slots that may be noted as waiting beyond those that there are. Guessed."""

Verdict = tuple[str, Commitment]
"""The block of a slot, and the level that it has reached."""


@dataclass(frozen=True, slots=True)
class QuorumPolicy:
    """What the user decided."""

    needed: int = 1
    """Providers that must name the same block."""
    wait: float = 30.0
    """Seconds for which a slot waits for them."""
    is_strict: bool = False
    """It waits for ever."""


class Quorum:
    """The voices of all slots. Not made where one endpoint is enough."""

    def __init__(
        self,
        policy: QuorumPolicy,
        origins: Origins,
        providers: Sequence[str],
        gate: Gate,
        slots: Mapping[int, SlotState],
    ) -> None:
        """`providers`: by endpoint; an empty one is a provider of its own."""
        self.dissent: list[Contradicted] = []
        """Who told another block confirmed than enough others, since somebody looked."""
        self._policy = policy
        self._endpoints = origins.endpoints
        named = [each or f"\n{endpoint}" for endpoint, each in enumerate(providers)]
        self._providers = named + [f"\n{i}" for i in range(len(named), origins.count)]
        self._gate = gate
        self._slots = slots
        self._distrusted: frozenset[int] = frozenset()
        self._usable = policy.needed
        """Providers that can be heard."""
        self._short_since: float | None = None
        """Since when these are fewer than needed."""
        self._is_relieved = True
        """Nobody waits any more for providers that cannot be heard."""
        self._waiting: dict[int, float] = {}
        """Slots that were told and are not decided, and since when: the longest first."""
        self._deciding = policy.needed
        """Providers behind the decision that is being carried out."""
        self._disputed_at: float | None = None

    def note(self, usable: Iterable[int], distrusted: frozenset[int], now: float) -> None:
        """Endpoints that can be heard and are believed, and those that are not believed."""
        self._distrusted = distrusted
        before, self._usable = self._usable, len({self._providers[each] for each in usable})
        facts = {"providers": self._usable, "confirm_quorum": self._policy.needed}
        if self._usable >= self._policy.needed:
            if self._short_since is not None:
                self._short_since, self._is_relieved = None, True
                self._gate.report(
                    "info", "enough providers for a quorum can be heard again", **facts
                )
            return
        if self._short_since is None:
            self._short_since = now
            self._gate.report("critical", "too few providers for a quorum can be heard", **facts)
        if self._usable < before:
            self._is_relieved = False

    def name(self, state: SlotState, origin: int, meta: Meta, now: float) -> Iterator[Verdict]:
        """A BlockMeta came. An RPC is no voter, but bears witness to what a block is."""
        voices_of(state).name(self._voter(origin), meta)
        return self.verdicts(state, now)

    def tell(
        self, state: SlotState, origin: int, bank: Bank | None, level: Commitment, now: float
    ) -> Iterator[Verdict]:
        """A status came, confirmed or finalized; `bank`: the last one of its feed."""
        is_open = bank is not None and bank.blockhash is None
        voices_of(state).tell(self._voter(origin), level, is_open=is_open)
        return self.verdicts(state, now)

    def verdicts(self, state: SlotState, now: float) -> Iterator[Verdict]:
        """The slot's block, and the level that it is to be taken for; each to be carried out before the next."""
        voices = voices_of(state)
        named, voices.named = voices.named, None
        if named is not None:
            self._deciding = named[2]
            yield named[:2]
            self._deciding = self._policy.needed
        is_decided = voices.named is None
        for level in (Commitment.CONFIRMED, Commitment.FINALIZED):
            ballots = self._ranked(voices.ballots(level, self._providers))
            if len(ballots) > 1:
                self._tell_dispute(state, ballots, now)
            if not ballots or self._is_known(state, level, ballots[0]):
                continue
            best = self._winner(state, ballots, now)
            if best is None:
                is_decided = False
            else:
                self._deciding = best.providers
                yield best.meta.blockhash, level
                self._deciding = self._policy.needed
        if is_decided or self._is_over(state, now):
            self._waiting.pop(state.number, None)
        else:
            self._wait(state, now)
        self._accuse(state, voices)

    def accepts(self, state: SlotState, blockhash: str, level: Commitment, now: float) -> bool:
        """Whether this is to be known now: not while as many providers tell one parent of the block as another."""
        voices = voices_of(state)
        versions = self._ranked(voices.ballots(-1, self._providers, blockhash))
        agreed = self._deciding
        if len(versions) > 1 and versions[0].providers == versions[1].providers:
            if not self._is_over(state, now):
                known = level if voices.named is None else voices.named[1]
                voices.named = blockhash, max(level, known), agreed
                self._wait(state, now)
                return False
            agreed = min(agreed, versions[0].providers)
        if versions and alike(state.metas[blockhash]) != alike(versions[0].meta):
            state.metas[blockhash], state.evidence = versions[0].meta, None
        self._count(voices, agreed)
        return True

    def due(self, now: float) -> list[SlotState]:
        """Slots to be decided anew, since there is no sense in waiting longer."""
        deadline = self.next_deadline()
        if deadline is None or now < deadline:
            return []
        if self._short_since is not None and now >= self._short_since + self._policy.wait:
            self._is_relieved = True
        self._prune()
        return [self._slots[number] for number in self._waiting]

    def next_deadline(self) -> float | None:
        """When `due` has something, or None."""
        if self._policy.is_strict or not self._waiting:
            return None
        since = next(iter(self._waiting.values()))
        if self._short_since is not None and not self._is_relieved:
            since = min(since, self._short_since)
        return since + self._policy.wait

    def excuse(self, paused: float) -> None:
        """Nothing was read for so many seconds: that is no waiting."""
        self._waiting = {number: since + paused for number, since in self._waiting.items()}
        if self._short_since is not None:
            self._short_since += paused

    def check(self) -> None:
        """State what always holds; for tests."""
        assert list(self._waiting.values()) == sorted(self._waiting.values())
        assert len(self._waiting) <= len(self._slots) + SPARE
        assert self._deciding == self._policy.needed

    def _voter(self, origin: int) -> int:
        """What an endpoint replays is its word as well as what it streams."""
        ends = self._endpoints
        return origin - ends if ends <= origin < 2 * ends else origin

    def _ranked(self, ballots: list[Ballot]) -> list[Ballot]:
        """Those on which more providers agree first, then those with somebody who is believed."""
        return sorted(
            ballots,
            key=lambda each: (-each.providers, self._distrusted.issuperset(each.voters)),
        )

    def _is_known(self, state: SlotState, level: Commitment, best: Ballot) -> bool:
        if state.confirmed == best.meta.blockhash:
            self._count(voices_of(state), best.providers)
            return state.finalized or level == Commitment.CONFIRMED
        return state.finalized

    def _winner(self, state: SlotState, ballots: list[Ballot], now: float) -> Ballot | None:
        """The ballot that decides; None: it is waited for more voices.

        What blocks behind the slot deny is not taken on the word of a few: they will tell themselves what it is.
        """
        policy = self._policy
        if ballots[0].providers >= policy.needed:
            return ballots[0]
        if policy.is_strict:
            return None
        is_relieved = self._short_since is not None and now >= self._short_since + policy.wait
        is_over = self._is_over(state, now)
        for ballot in ballots:
            blockhash = ballot.meta.blockhash
            if state.confirmed in (None, blockhash):
                if is_over or (is_relieved and ballot.providers >= self._usable):
                    if not is_denied(self._slots, state.number, blockhash):
                        return ballot
        return None

    def _is_over(self, state: SlotState, now: float) -> bool:
        """Whether the slot has waited for long enough."""
        since = self._waiting.get(state.number)
        return since is not None and not self._policy.is_strict and now >= since + self._policy.wait

    def _wait(self, state: SlotState, now: float) -> None:
        self._waiting.setdefault(state.number, now)
        if len(self._waiting) > len(self._slots) + SPARE:
            self._prune()

    def _prune(self) -> None:
        """Forget slots that were closed while they waited."""
        self._waiting = {n: since for n, since in self._waiting.items() if n in self._slots}

    def _count(self, voices: Voices, providers: int) -> None:
        voices.needed = self._policy.needed
        voices.providers = max(voices.providers, providers)

    def _tell_dispute(self, state: SlotState, ballots: list[Ballot], now: float) -> None:
        if self._disputed_at is not None and now < self._disputed_at + EPISODE:
            return
        self._disputed_at = now
        for each in ballots:
            self._gate.report(
                "critical",
                "endpoints disagree on a confirmed block",
                slot=state.number,
                blockhash=each.meta.blockhash,
                parent=each.meta.parent_slot,
                origins=each.voters,
            )

    def _accuse(self, state: SlotState, voices: Voices) -> None:
        """Name those who told another block confirmed than the one that enough agree on."""
        if state.confirmed is None or voices.providers < self._policy.needed:
            return
        chains = state.metas.get(state.confirmed)
        for voter, voice in voices.by_voter.items():
            told = voice.meta
            if told is None or chains is None or voice.level < Commitment.CONFIRMED:
                continue
            if voter in voices.accused or alike(told) == alike(chains):
                continue
            voices.accused.add(voter)
            self.dissent.append(
                Contradicted(voter, state.number, _difference(state.number, told, chains))
            )


def voices_of(state: SlotState) -> Voices:
    """The slot's voices, begun where there are none."""
    if state.voices is None:
        state.voices = Voices()
    return state.voices


def shortage_of(state: SlotState) -> str:
    """What a certificate of the slot says where too few endpoints agreed on it."""
    return "" if state.voices is None else state.voices.shortage


def _difference(slot: int, told: Meta, chains: Meta) -> str:
    if told.blockhash != chains.blockhash:
        return f"it told block {told.blockhash} of slot {slot}, and others told {chains.blockhash}"
    own = f"parent {told.parent_slot} and {told.transactions} transactions"
    others = f"{chains.parent_slot} and {chains.transactions}"
    return f"it told {own} of slot {slot}, and others told {others}"
