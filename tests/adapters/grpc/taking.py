"""Taking from feeds as the daemon's loop does."""

import anyio

from monitor.ports import Feeds, FramesTaken, StreamEnded, StreamOpened, Taken
from tests.patience import PATIENCE

EVERY = 1 << 30


async def until_ended(feeds: Feeds, *numbers: int) -> dict[int, list[Taken]]:
    """All that these feeds deliver, up to and with their ends."""
    taken: dict[int, list[Taken]] = {number: [] for number in numbers}
    going = set(numbers)
    with anyio.fail_after(PATIENCE):
        while going:
            await feeds.wait(None)
            for each in feeds.take(EVERY):
                taken[each.feed].append(each)
                if isinstance(each, StreamEnded):
                    going.discard(each.feed)
    return taken


async def until_frames(feeds: Feeds, count: int) -> list[Taken]:
    """What arrives until this many frames have; not for streams that may end meanwhile."""
    taken: list[Taken] = []
    with anyio.fail_after(PATIENCE):
        while len(frames_of(taken)) < count:
            await feeds.wait(None)
            taken += feeds.take(EVERY)
    return taken


async def until_opened(feeds: Feeds) -> None:
    """Return when a feed has opened; nothing else may come before."""
    taken: list[Taken] = []
    with anyio.fail_after(PATIENCE):
        while not taken:
            await feeds.wait(None)
            taken += feeds.take(EVERY)
    assert isinstance(taken[0], StreamOpened)


def frames_of(taken: list[Taken]) -> list[bytes]:
    """Frames alone."""
    return [frame for each in taken if isinstance(each, FramesTaken) for _, frame in each.frames]
