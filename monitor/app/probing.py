"""What every endpoint runs, asked once at the start: server versions explain odd streams (PROTOCOL 1)."""

from collections.abc import Sequence
from typing import Final

import anyio
import orjson

from monitor.adapters.grpc.probe import Refusal, probe
from monitor.adapters.grpc.settings import GrpcSettings
from monitor.app.configuration_values import MAX_U64
from monitor.core.commands import Report
from monitor.ports import Endpoint, Reporter

PROBE_SECONDS: Final = 5.0
"""How long an endpoint may take for each of the two answers. Guessed: nothing waits for them."""
_AT_ONCE: Final = 8
"""Endpoints asked at the same time, each in a thread that sinks may need too. Guessed."""
_LONGEST: Final = 100
"""Characters of a version in the log; a server may say anything."""


async def report_versions(
    endpoints: Sequence[Endpoint],
    settings: GrpcSettings,
    reporter: Reporter,
    seconds: float = PROBE_SECONDS,
) -> None:
    """One log line an endpoint: its version, or why it told none. Returns when all have been asked."""
    gate = anyio.Semaphore(_AT_ONCE)

    async def ask(endpoint: Endpoint) -> None:
        async with gate:
            found = await probe(endpoint, settings, seconds)
        if isinstance(found.version, Refusal):
            sentence = "an endpoint was asked for its version in vain"
            facts = {"code": found.version.code, "text": found.version.text}
            reporter.report(Report("info", sentence, {"endpoint": endpoint.name, **facts}))
            return
        first = found.first_available
        has_replay = isinstance(first, int) and first < MAX_U64
        known = {
            "version": version_words(found.version),
            "first_available": first if has_replay else None,
        }
        reporter.report(
            Report("info", "an endpoint answered", {"endpoint": endpoint.name, **known})
        )

    async with anyio.create_task_group() as tasks:
        for endpoint in endpoints:
            tasks.start_soon(ask, endpoint, name=f"probe {endpoint.name}")


def version_words(text: str) -> str:
    """Package and version out of GetVersion's JSON, else the text as it is; at most 100 characters."""
    try:
        answer = orjson.loads(text)
        told = answer["version"]
        words = f"{told['package']} {told['version']}"
    except (orjson.JSONDecodeError, KeyError, TypeError):
        words = text
    return words[:_LONGEST]
