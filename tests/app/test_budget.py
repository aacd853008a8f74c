"""What the memory limit leaves for buffers."""

from pathlib import Path

import pytest

from monitor.adapters.recovery.allowance import MOST_BYTES
from monitor.app.budget import BASE_MB, MIB, budget_of
from monitor.app.configuration_values import LEAST_MB
from monitor.runtime.outbox import BOUND_BYTES
from tests.app.configurations import loaded

ENDPOINTS = ", ".join(f'{{name: e{i}, url: "http://127.0.0.1:1000{i}"}}' for i in range(3))

RPC = "rpc: [{name: main, url: 'http://a'}]\n"


def limited(directory: Path, memory_mb: int, more: str = "") -> str:
    return f"endpoints: [{ENDPOINTS}]\nlimits: {{memory_mb: {memory_mb}}}\n{more}"


@pytest.mark.parametrize("rpc", ["", RPC])
def test_all_buffers_together_fit_the_limit(tmp_path: Path, rpc: str) -> None:
    for memory_mb in (LEAST_MB, 512, 2048, 65_536):
        configuration = loaded(tmp_path, limited(tmp_path, memory_mb, rpc))
        budget = budget_of(configuration)
        sinks = len(configuration.sinks) * budget.outbox
        total = 2 * (3 * budget.feed + budget.held) + sinks + budget.answers

        assert total <= (memory_mb - BASE_MB) * MIB
        assert min(budget.feed, budget.held, budget.outbox or 1) > 0


def test_much_memory_grows_what_is_held_and_not_what_waits(tmp_path: Path) -> None:
    budget = budget_of(loaded(tmp_path, limited(tmp_path, 65_536)))

    assert budget.feed == 64 * MIB  # ingest.feed_buffer_mb
    assert budget.outbox == BOUND_BYTES
    assert budget.held == (65_536 - BASE_MB) * MIB // 4


def test_a_smaller_feed_buffer_of_the_user_stays(tmp_path: Path) -> None:
    configuration = loaded(tmp_path, limited(tmp_path, 2048, "ingest: {feed_buffer_mb: 2}\n"))

    assert budget_of(configuration).feed == 2 * MIB


def test_answers_of_rpcs_have_a_share_where_there_are_rpcs(tmp_path: Path) -> None:
    assert budget_of(loaded(tmp_path, limited(tmp_path, 2048))).answers == 0
    assert budget_of(loaded(tmp_path, limited(tmp_path, 2048, RPC))).answers == MOST_BYTES
    least = budget_of(loaded(tmp_path, limited(tmp_path, LEAST_MB, RPC)))
    assert least.answers == (LEAST_MB - BASE_MB) * MIB // 8
