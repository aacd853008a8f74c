"""A wish of an operator: the kernel hears of it, and what it decides is the answer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from monitor.app import wishing
from monitor.app.wiring import Daemon
from monitor.app.wishing import outcome_of, wished
from monitor.core.decision_history import Told
from monitor.core.endpoint_profile import EndpointProfile
from monitor.core.events import Started, Wished
from monitor.core.failover import Explanation, What
from monitor.core.wishes import Want, Wish
from tests.app.daemons import NOBODY, StillClock, assembled, configuration
from tests.runtime.fakes import MemoryLedger
from tests.runtime.test_probing import PROFILE

pytestmark = pytest.mark.real_time


def watching(directory: Path) -> tuple[Daemon, StillClock]:
    """A daemon of two endpoints that does not run, at second 100."""
    clock = StillClock()
    return assembled(configuration(directory, {"ams": NOBODY, "nyc": NOBODY}), clock=clock), clock


async def answered(
    daemon: Daemon, want: Want, name: str, then: Callable[[], None], lease: float | None = None
) -> Any:
    """What is answered when this happens while the wish waits."""
    answers: list[object] = []

    async def wish() -> None:
        answers.append(await wished(daemon, want, name, lease))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wish)
        await anyio.wait_all_tasks_blocked()
        then()
    return answers[0]


async def test_the_kernel_hears_the_wish_and_its_decision_is_the_answer(tmp_path: Path) -> None:
    daemon, clock = watching(tmp_path)
    history = daemon.driver.kernel.decisions
    history.add([Explanation(clock.seconds - 1, What.DRAINED, "asked for before", 1)])

    def decides() -> None:
        clock.seconds += 1
        assert daemon.recovering.inbox.take() == Wished(Wish(Want.DRAIN, 1))
        history.add(
            [
                Explanation(clock.seconds, What.DRAINED, "an operator asked for it", 1),
                Explanation(clock.seconds, What.REPLACED, "an operator drained it", 1, 0),
            ]
        )

    told = await answered(daemon, Want.DRAIN, "nyc", decides)

    assert (told["endpoint"], told["want"], told["outcome"]) == ("nyc", "drain", "drained")
    assert [(each["what"], each["from"], each["to"]) for each in told["decisions"]] == [
        ("drained", "nyc", None),
        ("replaced", "nyc", "ams"),
    ]
    assert "profile" not in told


async def test_the_kernel_says_how_it_takes_a_wish(tmp_path: Path) -> None:
    daemon, clock = watching(tmp_path)
    kernel = daemon.driver.kernel
    kernel.handle(Started(), clock.seconds)

    def decides() -> None:
        heard = daemon.recovering.inbox.take()
        assert heard is not None
        kernel.handle(heard, clock.seconds)

    outcomes = []
    for want, name in (
        (Want.DRAIN, "ams"),
        (Want.DRAIN, "nyc"),
        (Want.DRAIN, "nyc"),
        (Want.PROMOTE, "nyc"),
        (Want.RELEASE, "ams"),
        (Want.PROBE, "ams"),
    ):
        clock.seconds += 1
        outcomes.append((await answered(daemon, want, name, decides))["outcome"])

    assert outcomes == ["drained", "kept", "kept", "promoted", "released", "probed"]


def begun(directory: Path) -> tuple[Daemon, MemoryLedger, Callable[[], None]]:
    """A daemon of two endpoints whose kernel has begun, its store, and what has it hear the next wish."""
    clock, store = StillClock(), MemoryLedger()
    configured = configuration(directory, {"ams": NOBODY, "nyc": NOBODY})
    daemon = assembled(configured, clock=clock, store=store)
    daemon.driver.kernel.handle(Started(), clock.seconds)

    def hears() -> None:
        heard = daemon.recovering.inbox.take()
        assert heard is not None
        daemon.driver.kernel.handle(heard, clock.seconds)

    return daemon, store, hears


@pytest.mark.parametrize("end", [Want.PROMOTE, Want.RELEASE])
async def test_a_drain_is_stored_until_it_is_ended(tmp_path: Path, end: Want) -> None:
    daemon, store, hears = begun(tmp_path)
    told = await answered(daemon, Want.DRAIN, "nyc", hears)
    assert (told["unstored"], list(store.drains())) == (None, ["nyc"])
    await answered(daemon, end, "nyc", hears)
    assert store.drains() == {}


async def test_a_drain_for_a_while_is_not_stored_and_one_that_was_stays(tmp_path: Path) -> None:
    daemon, store, hears = begun(tmp_path)
    await answered(daemon, Want.DRAIN, "nyc", hears, 60.0)
    assert (daemon.driver.kernel.steering.wishes.drained, store.drains()) == (
        frozenset({1}),
        {},
    )
    await answered(daemon, Want.DRAIN, "nyc", hears)
    await answered(daemon, Want.DRAIN, "nyc", hears, 60.0)
    assert list(store.drains()) == ["nyc"]


async def test_a_wish_that_cannot_be_stored_says_so(tmp_path: Path) -> None:
    daemon, store, hears = begun(tmp_path)
    store.failures = 1
    told = await answered(daemon, Want.DRAIN, "nyc", hears)
    assert (told["outcome"], told["unstored"]) == ("drained", "ledger: full; forget something")


async def test_a_wish_that_nothing_is_decided_about_has_no_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wishing, "DECIDED_WITHIN", 0.05)
    daemon, clock = watching(tmp_path)
    history = daemon.driver.kernel.decisions

    def decides_about_another_one() -> None:
        history.add([Explanation(clock.seconds, What.DRAINED, "an operator asked for it", 0)])

    told = await answered(daemon, Want.DRAIN, "nyc", decides_about_another_one)

    assert (told["outcome"], told["decisions"]) == (None, [])


async def test_a_probe_answers_with_what_it_found(tmp_path: Path) -> None:
    daemon, clock = watching(tmp_path)

    def probes() -> None:
        probed(daemon, clock.seconds - 1)  # by the round before
        asked = Explanation(clock.seconds, What.PROBED, "an operator asked for it", target=1)
        daemon.driver.kernel.decisions.add([asked])
        clock.seconds += 1
        probed(daemon, clock.seconds)

    told = await answered(daemon, Want.PROBE, "nyc", probes)

    assert told["outcome"] == "probed"
    assert told["profile"]["version"] == PROFILE.version


def probed(daemon: Daemon, at: float) -> None:
    """Let the second endpoint have been probed then."""
    fields = {name: getattr(PROFILE, name) for name in PROFILE.__slots__}
    daemon.probing.profiles[1] = EndpointProfile(**{**fields, "probed_at": at})


async def test_a_probe_without_an_answer_has_no_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wishing, "PROBED_WITHIN", 0.05)
    daemon, clock = watching(tmp_path)
    asked = Explanation(clock.seconds, What.PROBED, "an operator asked for it", target=1)

    def probes_in_vain() -> None:
        probed(daemon, clock.seconds - 1)
        daemon.driver.kernel.decisions.add([asked])

    told = await answered(daemon, Want.PROBE, "nyc", probes_in_vain)

    assert (told["outcome"], told["profile"]) == ("probed", None)


def told(what: What, source: str | None = None, target: str | None = None) -> Told:
    return Told(1.0, what.value, source, target, "why", is_planned=False)


@pytest.mark.parametrize(
    ("want", "decided", "outcome"),
    [
        (Want.DRAIN, [told(What.DRAINED, "ams"), told(What.DEMOTED, "ams")], "drained"),
        (Want.DRAIN, [told(What.DRAINED, "ams"), told(What.KEPT, None, "ams")], "kept"),
        (Want.DRAIN, [told(What.DRAINED, "nyc")], None),
        (Want.DRAIN, [told(What.SHED)], None),
        (Want.PROMOTE, [told(What.PROMOTED, "nyc", "ams")], "promoted"),
        (Want.PROMOTE, [told(What.WAITS, None, "ams")], "waits"),
        (Want.RELEASE, [told(What.RELEASED, None, "ams")], "released"),
        (Want.PROBE, [told(What.PROBED, None, "ams")], "probed"),
    ],
)
def test_the_decision_that_answers_a_wish_is_its_outcome(
    want: Want, decided: list[Told], outcome: str | None
) -> None:
    assert outcome_of(want, "ams", decided) == outcome
