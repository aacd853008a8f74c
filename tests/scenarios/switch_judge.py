"""Judges a stream of records whose level changed on the way, against what was on the chain.

It knows the rules alone. Of one monitor all events of a slot come at one level, which the records of switches before
the slot's first event say. At confirmed and finalized they are those of the block on the chain, each once. At processed
whatever came of another block is taken back exactly once, and what is left in the end is the block on the chain.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.e2e.expected import Record
from tests.scenarios.switch_truth import LEVELS, Told, Watcher, plain, rows_of

_MARKS = ("undo", "commitment")


@dataclass
class Verdict:
    """What was wrong, and how much there was to judge."""

    complaints: list[str] = field(default_factory=list)
    undone: int = 0
    """Versions of slots, counted once for each monitor."""
    switches: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By the levels from and to, counted once for each monitor."""
    slots: Counter[str] = field(default_factory=Counter)
    """Slots of which something came, by level, counted once for each monitor."""


def judge(
    events: Sequence[Record], slots: Mapping[int, Sequence[Told]], watchers: Collection[Watcher]
) -> Verdict:
    """The whole stream, in its order; only these slots are looked at."""
    verdict = Verdict()
    told = _told_versions(events)
    verdict.complaints += _gaps(told)
    for watcher in watchers:
        own = [event for event in events if watcher.name in event["monitors"]]
        told_wrong = [
            *_twice(own),
            *_judge_monitor(own, slots, watcher, verdict),
            *_idle_undos(own, told),
        ]
        verdict.complaints += (f"{watcher.name}: {each}" for each in told_wrong)
    return verdict


def is_saying(event: Record) -> bool:
    """A lifecycle status: it is about a slot number, and no part of a block."""
    return event["kind"] == "slot" and bool(event["observed"])


def _told_versions(events: Sequence[Record]) -> set[tuple[int, int, str]]:
    """Slot, version and level of everything that can be taken back."""
    return {
        (event["slot"], event["version"], event["commitment"])
        for event in events
        if event["kind"] not in _MARKS and not is_saying(event)
    }


def _gaps(told: Collection[tuple[int, int, str]]) -> Iterator[str]:
    versions: dict[tuple[int, str], set[int]] = defaultdict(set)
    for slot, version, level in told:
        versions[slot, level].add(version)
    for (slot, level), found in sorted(versions.items()):
        if found != set(range(len(found))):
            yield f"{slot} came at {level} in the versions {sorted(found)}"


def _twice(own: Sequence[Record]) -> Iterator[str]:
    for key, times in Counter(event["id"] for event in own).items():
        if times > 1:
            yield f"{key} came {times} times"


def _idle_undos(own: Sequence[Record], told: set[tuple[int, int, str]]) -> Iterator[str]:
    for event in own:
        if event["kind"] == "undo":
            taken_back = (event["slot"], _undone(event), event["commitment"])
            if taken_back not in told:
                yield f"{event['id']} takes back what nobody was given"


def _undone(event: Record) -> int:
    """The version that an undo takes back."""
    return int(event["id"].rpartition(":")[2])


def _judge_monitor(
    own: Sequence[Record], slots: Mapping[int, Sequence[Told]], watcher: Watcher, verdict: Verdict
) -> Iterator[str]:
    since: list[tuple[int, str]] = [(-1, watcher.level)]
    level_of: dict[int, str] = {}
    of_slot: dict[int, list[Record]] = defaultdict(list)
    for event in own:
        if event["kind"] == "commitment":
            yield from _judge_switch(event, since, level_of, watcher)
            since.append((event["first_slot"], event["to"]))
            verdict.switches[event["from"], event["to"]] += 1
            continue
        if is_saying(event):
            continue
        slot = event["slot"]
        if slot not in level_of:
            level_of[slot] = next(level for first, level in reversed(since) if slot >= first)
        if event["commitment"] != level_of[slot]:
            yield f"{event['id']} came at {event['commitment']}, not at {level_of[slot]}"
        of_slot[slot].append(event)
    for number, banks in slots.items():
        level = level_of.get(number, watcher.level)
        verdict.slots[level] += bool(of_slot[number])
        judged = _judge_processed if level == "processed" else _judge_settled
        yield from judged(of_slot[number], banks, watcher, level)
        verdict.undone += sum(event["kind"] == "undo" for event in of_slot[number])


def _judge_switch(
    event: Record,
    since: Sequence[tuple[int, str]],
    released: Collection[int],
    watcher: Watcher,
) -> Iterator[str]:
    name, (last, level) = event["id"], since[-1]
    if not watcher.follows:
        yield f"{name} is for a monitor with a level of its own"
    if event["monitors"] != [watcher.name] or event["monitor"] != watcher.name:
        yield f"{name} names {event['monitor']} to {event['monitors']}"
    if event["from"] != level or event["to"] not in LEVELS:
        yield f"{name} goes from {event['from']} to {event['to']}; it was {level}"
    if event["first_slot"] != event["slot"] or event["first_slot"] <= last:
        yield f"{name} begins with {event['first_slot']}; the last one began with {last}"
    behind = [slot for slot in released if slot >= event["first_slot"]]
    if behind:
        yield f"{name} begins with {event['first_slot']}; of {max(behind)} something had come"


def _judge_settled(
    events: Sequence[Record], banks: Sequence[Told], watcher: Watcher, level: str
) -> Iterator[str]:
    """At confirmed and finalized: the block on the chain and nothing else."""
    wanted = _wanted(banks, watcher, level)
    for event in events:
        if event["kind"] == "undo" or event["version"] != 0:
            yield f"{event['id']} at {level}"
    yield from _differing(_by_id(events), wanted, f"at {level}")


def _judge_processed(
    events: Sequence[Record], banks: Sequence[Told], watcher: Watcher, level: str
) -> Iterator[str]:
    yield from _judge_versions(events)
    undone = {_undone(event) for event in events if event["kind"] == "undo"}
    yield from _foreign(events, undone, banks, watcher)
    wanted = _wanted(banks, watcher, level)
    left = _by_id([e for e in events if e["kind"] != "undo" and e["version"] not in undone])
    named = {key: _named(row, wanted.get(key)) for key, row in left.items()}
    yield from _differing(named, wanted, f"after {len(undone)} undos")


def _judge_versions(events: Sequence[Record]) -> Iterator[str]:
    """Each version ends by its undo, and the next one begins."""
    version = 0
    for event in events:
        if event["kind"] == "undo":
            if event["version"] != _undone(event) or _undone(event) < version:
                yield f"{event['id']} of version {event['version']}, when {version} was the last"
            version = _undone(event) + 1
        elif event["version"] < version:
            yield f"{event['id']} came after its undo"
        elif event["version"] > version:
            # Of the versions between nothing was for this monitor, and so it need not know that they are void.
            version = event["version"]
    kept = {event["version"] for event in events if event["kind"] != "undo"}
    undone = {_undone(event) for event in events if event["kind"] == "undo"}
    for lost in sorted(kept - undone)[:-1]:
        yield f"version {lost} of {events[0]['slot']} was never taken back"


def _foreign(
    events: Sequence[Record], undone: Collection[int], banks: Sequence[Told], watcher: Watcher
) -> Iterator[str]:
    """What is taken back was of some block of that slot all the same, and never the chain's own as a whole."""
    told = [rows_of(bank, watcher, "processed") for bank in banks]
    hashes = {bank.blockhash for bank in banks if not bank.canonical}
    for event in events:
        if event["kind"] == "undo":
            if event["blockhash"] is not None and event["blockhash"] not in hashes:
                yield f"{event['id']} names {event['blockhash']}, which was not lost"
        elif event["version"] in undone:
            found = plain(event)
            copies = (rows.get(found["id"]) for rows in told)
            if not any(_named(found, copy) == copy for copy in copies):
                yield f"{event['id']} was on no block of its slot"


def _differing(
    found: Mapping[str, Record], wanted: Mapping[str, Record], where: str
) -> Iterator[str]:
    missing, extra = wanted.keys() - found.keys(), found.keys() - wanted.keys()
    if missing:
        yield f"{where}: {len(missing)} of {len(wanted)} are missing, such as {min(missing)}"
    if extra:
        yield f"{where}: {len(extra)} are not on the chain, such as {min(extra)}"
    for key in sorted(wanted.keys() & found.keys()):
        if found[key] != wanted[key]:
            fields = [name for name, value in wanted[key].items() if found[key].get(name) != value]
            yield f"{where}: {key} differs in {', '.join(fields)}"


def _wanted(banks: Sequence[Told], watcher: Watcher, level: str) -> Mapping[str, Record]:
    return {
        key: row for b in banks if b.canonical for key, row in rows_of(b, watcher, level).items()
    }


def _by_id(events: Sequence[Record]) -> dict[str, Record]:
    return {(row := plain(event))["id"]: row for event in events}


def _named(found: Record, wanted: Record | None) -> Record:
    """A transaction at processed may come before its block has a name."""
    if wanted is not None and "blockhash" in found and found["blockhash"] is None:
        return {**found, "blockhash": wanted["blockhash"]}
    return found
