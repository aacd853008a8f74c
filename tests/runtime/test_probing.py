"""Endpoints are asked what they are, in virtual time."""

from dataclasses import replace

import anyio
import anyio.lowlevel

from monitor.core.commands import Report
from monitor.core.endpoint_profile import EndpointCheck, EndpointProfile, ServerFamily
from monitor.runtime.probing import AT_ONCE, CHECKED_EVERY, EVERY, Probing
from tests.runtime.fakes import Journal

ANSWERED = "an endpoint answered"
IN_VAIN = "an endpoint was asked for its version in vain"
PROFILE = EndpointProfile(
    0, ServerFamily.RICHAT, "richat 10.0.0", None, True, 70, 200, "identity", 0.02, 0.0
)


class Answers:
    """Endpoints that answer after a second, each alike unless told otherwise."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, int]] = []
        self.others: dict[int, EndpointProfile] = {}
        self.checked: list[tuple[float, int]] = []
        self.gone: set[int] = set()
        """Those that answer no check."""
        self.under_way = 0
        self.most = 0

    async def profile(self, endpoint: int) -> EndpointProfile:
        self.asked.append((anyio.current_time(), endpoint))
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await anyio.sleep(1.0)
        self.under_way -= 1
        return replace(self.others.get(endpoint, PROFILE), endpoint=endpoint)

    async def check(self, endpoint: int) -> EndpointCheck:
        self.checked.append((anyio.current_time(), endpoint))
        is_gone = endpoint in self.gone
        await anyio.lowlevel.checkpoint()
        return EndpointCheck(
            None if is_gone else True, 80, 230, None if is_gone else 0.01, float(len(self.checked))
        )


async def asked_for(seconds: float, probing: Probing) -> None:
    with anyio.move_on_after(seconds):
        await probing.run()


async def test_every_endpoint_is_asked_at_once_and_again_every_ten_minutes() -> None:
    answers, journal = Answers(), Journal()
    probing = Probing(answers, ["ams", "nyc"], journal)
    assert probing.profiles == [None, None]
    began = anyio.current_time()
    await asked_for(EVERY + 5, probing)
    times = [round(at - began) for at, _ in answers.asked]
    assert times == [0, 0, 601, 601]
    assert probing.profiles == [PROFILE, replace(PROFILE, endpoint=1)]
    assert len(answers.checked) == 2 * EVERY // CHECKED_EVERY
    assert [report.sentence for report in journal.reports] == [ANSWERED] * 2
    told = {
        "endpoint": "ams",
        "version": "richat 10.0.0",
        "family": "richat",
        "first_available": 70,
        "tip": 200,
    }
    assert Report("info", ANSWERED, told) in journal.reports


async def test_an_endpoint_can_be_asked_out_of_turn_and_once_for_all_who_want_it() -> None:
    answers = Answers()
    probing = Probing(answers, ["ams", "nyc"], Journal())
    began = anyio.current_time()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(asked_for, EVERY + 5, probing)
        await anyio.sleep(10)
        probing.ask(1)
        probing.ask(1)
        await anyio.sleep(10)
        probing.ask(0)
        await anyio.sleep(0.5)
        probing.ask(1)  # while the other one is still being asked
    asked = [(round(at - began), endpoint) for at, endpoint in answers.asked]
    assert asked[2:5] == [(10, 1), (20, 0), (20, 1)]
    assert sorted(asked[5:]) == [(601, 0), (601, 1)]


async def test_what_changes_is_told_again_and_what_moves_is_not() -> None:
    answers, journal = Answers(), Journal()
    probing = Probing(answers, ["ams"], journal)
    await probing.probe(0)
    answers.others[0] = replace(PROFILE, floor=90, tip=220, latency=0.5)
    await probing.probe(0)
    assert len(journal.reports) == 1
    answers.others[0] = replace(PROFILE, version=None, refusal="UNAVAILABLE: gone")
    await probing.probe(0)
    assert journal.reports[1:] == [
        Report("info", IN_VAIN, {"endpoint": "ams", "why": "UNAVAILABLE: gone"})
    ]


async def test_one_endpoint_can_be_asked_now() -> None:
    answers = Answers()
    probing = Probing(answers, ["ams", "nyc"], Journal())
    found = await probing.probe(1)
    assert found is not None
    assert found.endpoint == 1
    assert probing.profiles == [None, found]


async def test_one_that_hangs_delays_no_probe_of_another() -> None:
    answers = Answers()
    probing = Probing(answers, ["ams", "nyc"], Journal())
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(probing.run)
        await anyio.sleep(10.0)
        answers.asked.clear()
        began = anyio.current_time()
        probing.ask(0)
        await anyio.sleep(0.5)
        probing.ask(1)
        await anyio.sleep(0.1)
        tasks.cancel_scope.cancel()

    assert [(at - began, endpoint) for at, endpoint in answers.asked] == [(0.0, 0), (0.5, 1)]


async def test_only_a_few_are_asked_at_a_time() -> None:
    answers = Answers()
    names = [f"e{number}" for number in range(3 * AT_ONCE)]
    await asked_for(60, Probing(answers, names, Journal()))
    assert answers.most == AT_ONCE
    assert len(answers.asked) == len(names)


async def test_where_nobody_can_ask_nothing_is_known() -> None:
    probing = Probing(None, ["ams"], Journal())
    await asked_for(EVERY + 5, probing)
    assert await probing.probe(0) is None
    assert probing.profiles == [None]


async def test_between_probes_each_is_asked_how_it_does_as_often_as_configured() -> None:
    answers = Answers()
    probing = Probing(answers, ["ams", "nyc"], Journal(), checked_every=7.0)
    began = anyio.current_time()
    await asked_for(20, probing)
    assert [(round(at - began), endpoint) for at, endpoint in sorted(answers.checked)] == [
        (7, 0),
        (7, 1),
        (14, 0),
        (14, 1),
    ]
    assert len(answers.asked) == 2
    moved = replace(PROFILE, floor=80, tip=230, latency=0.01)
    assert [
        None if each is None else replace(each, checked_at=None, endpoint=0)
        for each in probing.profiles
    ] == [moved, moved]
    assert all(each is not None and each.checked_at for each in probing.profiles)


async def test_one_that_answers_no_more_or_again_is_probed_at_once() -> None:
    answers, journal = Answers(), Journal()
    probing = Probing(answers, ["ams", "nyc"], journal, checked_every=10.0)
    gone = replace(PROFILE, version=None, refusal="UNAVAILABLE", has_replay=None, latency=None)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(asked_for, 60, probing)
        await anyio.sleep(15)
        answers.gone.add(1)
        answers.others[1] = gone
        await anyio.sleep(20)
        answers.gone.clear()
        answers.others.clear()
    assert sorted(endpoint for _, endpoint in answers.asked) == [0, 1, 1, 1]
    told = [r.sentence for r in journal.reports if r.facts["endpoint"] == "nyc"]
    assert told == [ANSWERED, IN_VAIN, ANSWERED]


async def test_nobody_is_checked_before_it_was_probed() -> None:
    answers = Answers()
    await Probing(answers, ["ams"], Journal()).check(0)
    await Probing(None, ["ams"], Journal()).check(0)
    assert answers.checked == []
