"""The whole daemon for some seconds, and what of its processor time went into knowing and choosing its endpoints.

That is comparing what they told, deciding how each is used, and asking them what they are. Printed as one JSON object.
"""

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import anyio
import uvloop

from monitor.adapters.grpc import probe
from monitor.adapters.logs.log import LogSettings, open_log
from monitor.adapters.logs.reporter import LogReporter
from monitor.adapters.systemd.notify import Notifier
from monitor.app.configuration import load
from monitor.app.lifecycle import Surroundings, running
from monitor.app.memory import give_back_large_buffers, tame_collector
from monitor.app.wiring import Daemon

LOOK: Final = 0.1


class Scale:
    """Seconds of the calling threads."""

    def __init__(self) -> None:
        self.compared = 0.0
        self.decided = 0.0
        self.probed = 0.0

    def has_weighed(self) -> bool:
        """Whether there is something in every pan."""
        return min(self.compared, self.decided, self.probed) > 0.0

    def weigh(self, thing: object, method: str, pan: str) -> None:
        """Count the time in this method from now on. What it yields is made at once."""
        original: Callable[..., Any] = getattr(thing, method)

        def weighed(*arguments: Any, **named: Any) -> Any:
            began = time.thread_time()
            answer = original(*arguments, **named)
            if isinstance(answer, Iterable) and not isinstance(answer, tuple):
                answer = list(answer)
            setattr(self, pan, getattr(self, pan) + time.thread_time() - began)
            return answer

        setattr(thing, method, weighed)

    def begin(self, daemon: Daemon) -> None:
        """Weigh the kernel of this daemon."""
        kernel = daemon.driver.kernel
        for method in ("opened", "met", "excuse", "audited"):
            self.weigh(kernel.health, method, "compared")
        for method in ("look", "tick"):
            self.weigh(kernel.steering, method, "decided")


async def watch(config: Path, seconds: float, warm_up: float) -> dict[str, float]:
    """Run the daemon so long, and tell what it took."""
    scale = Scale()
    scale.weigh(probe, "_ask_all", "probed")
    configured = load(config, dict(os.environ))
    reporter = LogReporter(open_log(LogSettings("info", "json", ()), sys.stderr))
    async with running(configured, Surroundings(reporter, Notifier(None))) as daemon:
        await anyio.sleep(warm_up)
        scale.begin(daemon)
        before = time.process_time()
        await anyio.sleep(seconds)
        while not scale.has_weighed():  # noqa: ASYNC110 (a machine stalled; pans have no event)
            await anyio.sleep(LOOK)
        return {
            "total": time.process_time() - before,
            "compared": scale.compared,
            "decided": scale.decided,
            "probed": scale.probed,
        }


def main() -> None:
    """One run, as its own process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--warm-up", type=float, required=True)
    given = parser.parse_args()
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    tame_collector()
    give_back_large_buffers()
    print(json.dumps(uvloop.run(watch(given.config, given.seconds, given.warm_up))))


if __name__ == "__main__":
    main()
