"""The driver and recovery: errands run, answers reach the kernel one a turn, and live frames go before them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio
import pytest
from typing_extensions import override

from monitor.core.chain import Commitment, SlotStatus
from monitor.core.commands import (
    AmendFeed,
    Command,
    Fetch,
    KeepJobs,
    OpenFeed,
    ReadAccounts,
    Recall,
    Refuse,
    Report,
)
from monitor.core.errors import CatchUpRefused
from monitor.core.events import (
    AccountsUnread,
    BlockFetched,
    Event,
    FetchFailed,
    FramesArrived,
    Recalled,
    RecoveryEvent,
)
from monitor.core.jobs import Job, JobsDone, JobState
from monitor.core.kernel import Kernel
from monitor.core.monitors import Monitor
from monitor.core.origins import Origins
from monitor.core.policy import Policy
from monitor.core.rungs import Rung, Verdict
from monitor.ports import BlockFound
from tests.core.play import tx
from tests.runtime.fakes import MemoryLedger, MemorySink, ScriptedBlocks, books
from tests.runtime.test_driver import AMS, NYC, Stage, settle, slot_of, status


@dataclass
class Script:
    """What a kernel is to ask for with its next answer, and what it was told."""

    asks: list[Command] = field(default_factory=list)
    told: list[tuple[float, Event]] = field(default_factory=list)
    """Frames and answers, each with its time."""

    def answers(self) -> list[Event]:
        return [event for _, event in self.told if isinstance(event, RecoveryEvent)]


class AskingKernel(Kernel):
    """The kernel, which besides asks for what the script says and leaves recovery's answers to it."""

    def __init__(
        self, monitors: Sequence[Monitor], endpoints: int, policy: Policy, *, rpcs: int = 0
    ) -> None:
        super().__init__(monitors, endpoints, policy, rpcs=rpcs)
        self.script = Script()

    @override
    def handle(self, event: Event, now: float) -> list[Command]:
        self.script.told.append((now, event))
        asks, self.script.asks = self.script.asks, []
        return asks if isinstance(event, RecoveryEvent) else super().handle(event, now) + asks


def staged(**settings: object) -> tuple[Stage, Script]:
    """A stage whose kernel follows a script."""
    stage = Stage(kernel=AskingKernel, **settings)  # type: ignore[arg-type]
    assert isinstance(stage.driver.kernel, AskingKernel)
    return stage, stage.driver.kernel.script


async def ask(stage: Stage, script: Script, *commands: Command) -> None:
    """Have the kernel ask for these."""
    script.asks += commands
    await stage.says(1, status(4, SlotStatus.PROCESSED))


async def test_a_block_that_was_asked_for_reaches_the_kernel_though_no_stream_says_anything() -> (
    None
):
    blocks = ScriptedBlocks("main", delay=3.0)
    blocks.found[7] = BlockFound((0,), [tx(7, 0)])
    stage, script = staged(blocks=blocks)
    async with stage.running():
        await ask(stage, script, Fetch(7, Rung.RPC, 2))
        asked_at = anyio.current_time()
        await anyio.sleep(4)
    assert blocks.asked == [(7, Rung.RPC, 2)]
    origin = Origins(1, 1).rpc(0)
    assert script.answers() == [BlockFetched(7, Rung.RPC, (origin,), [tx(7, 0)])]
    assert script.told[-1][0] - asked_at == pytest.approx(3.0, abs=0.01)


async def test_without_rpcs_the_kernel_is_told_so_and_recalls_all_the_same() -> None:
    stage, script = staged()
    async with stage.running():
        await ask(stage, script, Fetch(7, Rung.RPC, 1), ReadAccounts(5, 6, 9), Recall((7,)))
        await settle()
    assert script.answers() == [
        FetchFailed(7, Rung.RPC, Verdict.CANNOT, 0.5),
        AccountsUnread(5, 6, 0.5),
        Recalled((7,), {}),
    ]


async def test_live_frames_are_taken_between_two_answers() -> None:
    stage, script = staged()
    async with stage.running():
        await stage.opens(1)
        inbox = stage.driver.recovering.inbox
        before = len(stage.feeds.takes)
        for slot in (7, 8, 9):
            inbox.post(FetchFailed(slot, Rung.RPC, Verdict.FAILED, 0.5))
        await stage.says(1, *slot_of(5, 0))
        assert len(stage.feeds.takes) - before >= 3
    told = [type(event) for _, event in script.told[-4:]]
    assert told == [FramesArrived, FetchFailed, FetchFailed, FetchFailed]


async def test_what_an_answer_brings_about_is_performed() -> None:
    stage, script = staged()
    async with stage.running():
        script.asks = []
        stage.driver.recovering.inbox.post(FetchFailed(7, Rung.RPC, Verdict.FAILED, 0.5))
        script.asks.append(Report("info", "a slot was asked for", {"endpoint": 0}))
        await settle()
    assert [r.facts["endpoint"] for r in stage.reported("a slot was asked for")] == ["ams"]


async def test_answers_wait_for_a_full_sink() -> None:
    stage, script = staged(sink=MemorySink(delay=5), bound_bytes=1)
    async with stage.running():
        await stage.says(1, *slot_of(5, 0))
        stage.driver.recovering.inbox.post(FetchFailed(7, Rung.RPC, Verdict.FAILED, 0.5))
        await anyio.sleep(4)
        assert script.answers() == []
        await anyio.sleep(6)
        assert script.answers() == [FetchFailed(7, Rung.RPC, Verdict.FAILED, 0.5)]


async def test_a_replay_for_recovery_is_a_stream_of_its_own_at_confirmed() -> None:
    stage, script = staged(endpoints=(AMS, NYC))
    async with stage.running():
        replay = OpenFeed(9, endpoint=1, generation=1, from_slot=77, is_replay=True)
        await ask(stage, script, replay)
        await ask(stage, script, AmendFeed(9, generation=1, from_slot=70))
    confirmed = Commitment.CONFIRMED
    assert stage.calls("open")[-1] == (9, "nyc")
    assert stage.feeds.requests[-2:] == [
        (9, stage.plans[1].request(1, 77, confirmed)),
        (9, stage.plans[1].request(1, 70, confirmed)),
    ]


async def test_what_a_replay_brings_counts_for_its_endpoint() -> None:
    stage, script = staged(endpoints=(AMS, NYC))
    async with stage.running():
        await ask(stage, script, OpenFeed(9, 1, generation=1, from_slot=77, is_replay=True))
        await stage.opens(9)
        await stage.says(9, *slot_of(5, 0))
        assert stage.driver.traffic[1].open_feeds == 1
        assert sum(stage.driver.traffic[1].kinds.values()) == 5
        await stage.ends(9)
        assert stage.driver.traffic[1].open_feeds == 0


async def test_jobs_are_kept_in_the_order_of_the_kernel() -> None:
    store = MemoryLedger()
    kept = books(store=store)
    stage, script = staged(kept=kept)
    changes: list[Job | JobsDone] = [
        Job(7, 9, Rung.RPC, 1, JobState.OPEN),
        JobsDone(7, 8),
        Job(5, 6, Rung.ARCHIVE, 0, JobState.LOST),
    ]
    async with stage.running():
        await stage.says(1, status(3, SlotStatus.CREATED_BANK))
        await ask(stage, script, KeepJobs(changes[:1]), KeepJobs(changes[1:]))
    await kept.close()
    assert store.changes == changes


@pytest.mark.parametrize(
    ("origin", "name"), [(0, "ams"), (1, "nyc"), (3, "nyc"), (4, "main"), (5, "old"), (7, "old")]
)
async def test_reports_name_where_something_came_from(origin: int, name: str) -> None:
    stage, script = staged(endpoints=(AMS, NYC), blocks=ScriptedBlocks("main", "old"))
    async with stage.running():
        await ask(stage, script, Report("info", "something came", {"endpoint": origin}))
    (report,) = stage.reported("something came")
    assert report.facts == {"endpoint": name}


async def test_reports_name_all_rpcs_that_disagree() -> None:
    stage, script = staged(endpoints=(AMS, NYC), blocks=ScriptedBlocks("main", "old"))
    async with stage.running():
        await ask(
            stage, script, Report("critical", "they disagree", {"slot": 1, "origins": [5, 4]})
        )
    (report,) = stage.reported("they disagree")
    assert report.facts == {"slot": 1, "origins": ["old", "main"]}


async def test_a_gap_that_the_user_does_not_allow_ends_the_daemon_with_its_reason() -> None:
    stage, script = staged()
    with pytest.RaisesGroup(CatchUpRefused, flatten_subgroups=True) as refused:
        async with stage.running():
            await ask(stage, script, Refuse("9 slots are too many; allow more"))
            await anyio.sleep(60)
    (error,) = leaves(refused.value)
    assert str(error) == "9 slots are too many; allow more"


def leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    """The errors in a group of groups."""
    found: list[BaseException] = []
    for error in group.exceptions:
        found += leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
