"""A daemon that is found by its state directory, over real sockets."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio.to_thread
import pytest

from monitor.app.running_daemon import RunningDaemon
from monitor.core.errors import DaemonNotAsked
from monitor.core.wishes import Want
from monitor.stored import StoredSlot
from tests.adapters.http.answers import ANSWERS, stored
from tests.adapters.http.controlling import Lost, Wishes, controlled
from tests.app.test_api_client import answering
from tests.app.test_endpoints_view import well

pytestmark = pytest.mark.real_time


async def _one_slot(first: int, _end: int, _limit: int) -> list[StoredSlot]:
    return [stored(first)]


async def test_it_is_asked_over_its_api_and_changed_over_its_socket(tmp_path: Path) -> None:
    daemon = RunningDaemon(tmp_path)
    answers = replace(
        ANSWERS,
        status=lambda: {"ready": True},
        endpoints=lambda: {"endpoints": [well()]},
        slots=_one_slot,
    )
    async with answering(answers) as address, controlled(tmp_path, Lost(), Wishes("nyc")):
        (tmp_path / "api.url").write_text(address + "\n")
        status = await anyio.to_thread.run_sync(daemon.status)
        endpoints = await anyio.to_thread.run_sync(daemon.endpoints)
        slots = await anyio.to_thread.run_sync(daemon.slots, 7, 9)
        told = await anyio.to_thread.run_sync(daemon.wish, Want.DRAIN, "nyc")

    assert (status, endpoints) == ({"ready": True}, [well()])
    assert [slot["slot"] for slot in slots] == [7]
    assert told == {"endpoint": "nyc", "want": "drain"}


async def test_one_that_was_started_again_is_found_at_its_new_address(tmp_path: Path) -> None:
    daemon = RunningDaemon(tmp_path)
    for ready in (False, True):
        async with answering(replace(ANSWERS, status=partial(dict, ready=ready))) as address:
            (tmp_path / "api.url").write_text(address + "\n")
            assert await anyio.to_thread.run_sync(daemon.status) == {"ready": ready}


def test_one_that_does_not_run_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(DaemonNotAsked, match=r"api\.url: No such file"):
        RunningDaemon(tmp_path).status()
